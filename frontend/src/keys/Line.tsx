import type { Entry } from "./entries";
import classes from "./keys.module.css";

interface LineProps {
  id: string;
  entry: Entry;
  /** The letters that were typed. */
  letters: readonly number[];
  selected: boolean;
  onPoint: () => void;
  onTake: () => void;
}

export function Line({ id, entry, letters, selected, onPoint, onTake }: LineProps) {
  const { icon: Icon, color, text, kind, about, aside } = entry;
  return (
    // Moved over, not entered: a list that scrolls under a resting pointer chooses nothing.
    <li id={id} role="option" aria-selected={selected} className={classes.option} onMouseMove={selected ? undefined : onPoint} onClick={onTake}>
      <span className={classes.icon} aria-hidden="true">
        {color ? <span className={classes.swatch} style={{ background: color }} /> : Icon && <Icon size={16} />}
      </span>
      <span className={classes.text}>
        <span className={classes.name}>
          <Marked text={text} letters={letters} />
        </span>
        {about && <span className={classes.about}>{about}</span>}
      </span>
      {aside && <span className={classes.aside}>{aside}</span>}
      <span className={classes.kind}>{kind}</span>
    </li>
  );
}

function Marked({ text, letters }: { text: string; letters: readonly number[] }) {
  const typed = new Set(letters);
  if (typed.size === 0) return text;
  return Array.from(text).map((letter, place) => (typed.has(place) ? <b key={place}>{letter}</b> : letter));
}
