import { Modal } from "@mantine/core";
import { useEffect, useState } from "react";
import { MOVES } from "./moves";
import { Printed } from "./Printed";
import classes from "./keys.module.css";
import type { DialogProps } from "./shortcuts";
import { onPage, type Shortcut, useful } from "./strokes";

/** The shortcuts that do something on the page behind it. */
export default function Sheet({ shortcuts, onClose }: DialogProps) {
  const here = useHere(shortcuts);
  return (
    <Modal
      opened onClose={onClose} title="Keyboard shortcuts" returnFocus={false} closeButtonProps={{ "aria-label": "Close" }} transitionProps={{ duration: 0 }}
      classNames={{ header: classes.head }} data-keys
    >
      <Part title="On this page" rows={here} />
      <Part title="Where everything is found" rows={MOVES} />
    </Modal>
  );
}

/** Looked at again when the page changes: it may still have been loading. */
function useHere(shortcuts: readonly Shortcut[]): Shortcut[] {
  const look = () => useful(shortcuts, onPage).map(({ keys }) => keys).join(" ");
  const [here, see] = useState(look);
  useEffect(() => {
    const observer = new MutationObserver(() => see(look()));
    observer.observe(document.getElementById("main") ?? document.body, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [shortcuts]);
  return shortcuts.filter(({ keys }) => here.split(" ").includes(keys));
}

function Part({ title, rows }: { title: string; rows: readonly { keys: string; description: string }[] }) {
  return (
    <section aria-label={title}>
      <h3 className={classes.heading}>{title}</h3>
      <dl className={classes.sheet}>
        {rows.map(({ keys, description }) => (
          <div key={keys} className={classes.line}>
            <dt>
              <Printed keys={keys} />
            </dt>
            <dd>{description}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
