import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompressed } from "./build/precompressed.ts";
import { themeVariables } from "./build/theme_variables.ts";

/** Builds the web UI into web/dist. Hashed files under /assets/ never change; index.html names the current ones. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), themeVariables(), precompressed()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    // Data URLs would be refused by the CSP where they stand for scripts, and cannot be cached.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The app, and the recipients' page (/t), which needs so little of it that it is a page of its own.
      input: ["index.html", "t.html"].map((page) => fileURLToPath(new URL(page, import.meta.url))),
      output: {
        codeSplitting: {
          groups: [
            // What both need.
            {
              name: "base",
              test:
                /node_modules\/(react|react-dom|scheduler|i18next|react-i18next|use-sync-external-store)\//,
              priority: 1,
            },
            // Without it every icon and component that two pages share is a file of its own: fifty requests of 300 bytes.
            { name: "shared", test: /node_modules/, minShareCount: 3, minSize: 0 },
          ],
        },
      },
    },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8091" } },
});
