import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./global.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { NotLoaded } from "./ui/importer";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root.");
// What could not be fetched is told on the page itself.
const onCaughtError = (error: unknown) => error instanceof NotLoaded || console.error(error);
createRoot(root, { onCaughtError }).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
