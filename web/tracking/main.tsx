import "@mantine/core/styles/baseline.css";
import "@mantine/core/styles/global.css";
import "../ui/theme_variables.css";
import "../ui/global.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { speak } from "../i18n/i18n.ts";
import { TrackingPage } from "./tracking_page.tsx";

// A page of its own, not a route of the app: a recipient's phone loads neither its components nor its words.
await speak({ en: () => import("../i18n/en/tracking.ts") });
// Another link opened in the same tab changes nothing but the fragment.
addEventListener("hashchange", () => location.reload());
createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <TrackingPage token={location.hash.slice(1)} />
  </StrictMode>,
);
