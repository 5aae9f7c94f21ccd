import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const api = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../backend/static",
    emptyOutDir: true,
    manifest: true,
    // The bundled fonts and pictures stay files: the content security policy allows no inline script and few data URLs.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1600,
    // What several pages take, from the component library or from here, is one file each: many small ones compress worse.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "library", test: /@mantine|@floating-ui/, minShareCount: 6 },
            { name: "common", test: /@tanstack|openapi-fetch|src\/(api|live|ui)\//, minShareCount: 4 },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: api } } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
