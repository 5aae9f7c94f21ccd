import { ActionIcon } from "@mantine/core";
import { Suspense, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { SearchIcon } from "../ui/icons";
import { type Dialog, shortcuts } from "./shortcuts";
import { APPLE, heard, onPage, printed, type Shortcut, spell } from "./strokes";
import { later } from "../ui/later";

const DIALOGS = { palette: later("The palette", () => import("./Palette")), sheet: later("The list of shortcuts", () => import("./Sheet")) };
const TEXT = "textarea, select, [contenteditable=true], input:not([type=checkbox], [type=radio], [type=range])";

/** Hears the shortcuts, and shows the palette and the sheet when they are asked for. */
export function Keys() {
  const [open, setOpen] = useState<Dialog>();
  const before = useRef<Element | null>(null);
  const table = useMemo(() => shortcuts(show), []);
  useEffect(() => listen(table), [table]);

  function show(dialog: Dialog) {
    if (!document.activeElement?.closest("[data-keys]")) before.current = document.activeElement;
    setOpen(dialog);
  }
  function close() {
    flushSync(() => setOpen(undefined));
    if (before.current instanceof HTMLElement) before.current.focus({ preventScroll: true });
  }
  const Shown = open && DIALOGS[open];
  return (
    <>
      <ActionIcon
        variant="subtle" color="gray" size="lg" aria-label="Find or do anything" title={`Find or do anything: ${printed("mod+k", APPLE).join(" ")}`}
        aria-keyshortcuts={APPLE ? "Meta+K" : "Control+K"} onClick={() => show("palette")}
      >
        <SearchIcon size={18} />
      </ActionIcon>
      {Shown && (
        <Suspense>
          <Shown shortcuts={table} show={show} onClose={close} />
        </Suspense>
      )}
    </>
  );
}

function listen(table: readonly Shortcut[]): () => void {
  const onKey = (event: KeyboardEvent) => {
    const focused = event.target instanceof Element ? event.target : document.body;
    const typing = focused.matches(TEXT) || focused.closest("[contenteditable=true]") !== null;
    const shortcut = heard(table, spell(event, APPLE), { typing, inside: (selector) => focused.closest(selector) !== null, holds: onPage });
    // What lies behind a dialog is out of reach, for its keys as well; the palette comes before everything.
    if (!shortcut || event.defaultPrevented || event.isComposing || (!shortcut.typing && onPage("[aria-modal=true]"))) return;
    event.preventDefault();
    shortcut.press(focused);
  };
  window.addEventListener("keydown", onKey);
  return () => window.removeEventListener("keydown", onKey);
}
