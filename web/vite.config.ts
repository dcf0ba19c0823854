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
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8091" } },
});
