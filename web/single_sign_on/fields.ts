import type { ProviderSettings } from "../../server/access/sso/schema.ts";
import type { Refusal } from "../ui/faults.ts";
import type { Draft } from "./draft.ts";

/** What each part of the provider's form is given. */
export interface FieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  setSettings: (change: Partial<ProviderSettings>) => void;
  refusal: Refusal;
  isReadOnly: boolean;
}
