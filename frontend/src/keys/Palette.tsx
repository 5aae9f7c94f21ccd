import { Modal } from "@mantine/core";
import { type KeyboardEvent, type MouseEvent, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { plural } from "../format";
import { SearchIcon } from "../ui/icons";
import { type Entry, useEntries } from "./entries";
import classes from "./keys.module.css";
import { Line } from "./Line";
import { type Hands, MOVES } from "./moves";
import { ranked } from "./match";
import { Printed } from "./Printed";
import type { DialogProps } from "./shortcuts";
import { APPLE, spell } from "./strokes";

const MOST = 50;
const LIST = "palette";

/** Finds pages, runs, studies and techniques by a few letters, and does what the page that is open lets one do. */
export default function Palette({ show, onClose }: DialogProps) {
  const [query, setQuery] = useState("");
  const [chosen, choose] = useState<string>();
  const go = useGo();
  const { entries, waiting } = useEntries(query, show);
  const found = ranked(entries, query).slice(0, MOST);
  // The best, until another is chosen; none while nothing is typed: no run is stopped by one Enter too many.
  const at = Math.max(query.trim() ? 0 : -1, found.findIndex(({ entry }) => entry.key === chosen));

  const take = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    go(entry);
  };
  const hands: Hands = {
    step: (by) => choose(found.at(at < 0 && by < 0 ? -1 : (at + by) % found.length)?.entry.key),
    choose: () => take(found[at]?.entry),
    close: onClose,
  };
  return (
    <Modal.Root
      opened onClose={onClose} size="42rem" yOffset="min(10dvh, 6rem)" xOffset="0.5rem" returnFocus={false} transitionProps={{ duration: 0 }}
      classNames={{ content: classes.palette }} data-keys
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Find or do anything" onMouseDown={stay}>
        <Field query={query} active={found[at] && optionId(at)} onQuery={(text) => (setQuery(text), choose(undefined))} hands={hands} />
        <ul id={LIST} role="listbox" aria-label="Found" className={classes.list}>
          {found.map(({ entry, at: letters }, place) => (
            <Line
              key={entry.key} id={optionId(place)} entry={entry} letters={letters} selected={place === at}
              onPoint={() => choose(entry.key)} onTake={() => take(entry)}
            />
          ))}
        </ul>
        {found.length === 0 && <p className={classes.none}>{waiting ? "Searching …" : "Nothing is called that. Fewer letters may find it."}</p>}
        <p role="status" className="visually-hidden">
          {query && !waiting && plural(found.length, "entry", "entries")}
        </p>
        <Foot />
      </Modal.Content>
    </Modal.Root>
  );
}

/** The field keeps the focus wherever else one presses. */
function stay(event: MouseEvent): void {
  if (!(event.target instanceof HTMLInputElement)) event.preventDefault();
}

const optionId = (place: number) => `${LIST}-${place}`;

function useGo(): (entry: Entry) => void {
  const [, navigate] = useLocation();
  return (entry) => {
    if (entry.press) entry.press();
    else if (entry.download) keep(entry.href, entry.download);
    else navigate(entry.href);
  };
}

function keep(href: string, download: string): void {
  Object.assign(document.createElement("a"), { href, download }).click();
}

interface FieldProps {
  query: string;
  /** Id of the line that Enter takes. */
  active: string | undefined;
  onQuery: (query: string) => void;
  hands: Hands;
}

function Field({ query, active, onQuery, hands }: FieldProps) {
  useEffect(() => {
    document.getElementById(active ?? "")?.scrollIntoView({ block: "nearest" });
  }, [active]);
  const onKeyDown = (event: KeyboardEvent) => {
    const move = MOVES.find(({ keys }) => keys === spell(event, APPLE));
    if (!move || event.nativeEvent.isComposing) return;
    event.preventDefault();
    move.move(hands);
  };
  return (
    <div className={classes.field}>
      <SearchIcon size={18} />
      {/* Focused as soon as it is there, so that no letter goes to the page: the dialog would do it a moment later.
          And the dialog would close on Esc by itself, and with it any dialog below: the table of moves closes this one alone. */}
      <input
        autoFocus data-autofocus data-mantine-stop-propagation="true" role="combobox" aria-expanded aria-controls={LIST} aria-activedescendant={active}
        aria-autocomplete="list" aria-label="Find or do anything" placeholder="Runs, studies, techniques, actions …"
        autoComplete="off" autoCapitalize="off" spellCheck={false} maxLength={200} value={query} onChange={(event) => onQuery(event.currentTarget.value)} onKeyDown={onKeyDown}
      />
    </div>
  );
}

const Foot = () => (
  <div className={classes.foot} aria-hidden="true">
    {MOVES.map(({ keys, description }) => (
      <span key={keys}>
        <Printed keys={keys} /> {description}
      </span>
    ))}
  </div>
);
