import { access } from "./access.ts";
import { apiDocs } from "./api_docs.ts";
import { audit } from "./audit.ts";
import { backups } from "./backups.ts";
import { common } from "./common.ts";
import { company } from "./company.ts";
import { driverApp } from "./driver_app.ts";
import { drivers } from "./drivers.ts";
import { imports } from "./imports.ts";
import { orders } from "./orders.ts";
import { roles } from "./roles.ts";
import { singleSignOn } from "./single_sign_on.ts";
import { sites } from "./sites.ts";
import { tracking } from "./tracking.ts";

/** English: one catalogue for each slice. Plurals follow i18next: `rows_one`, `rows_other`. */
export const en = {
  common,
  access,
  apiDocs,
  audit,
  backups,
  company,
  driverApp,
  drivers,
  imports,
  orders,
  roles,
  singleSignOn,
  sites,
  tracking,
};
