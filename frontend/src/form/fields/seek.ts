import { idOf } from "./FormContext";

const FRAMES = 12;

/** Focus a field's control as soon as it is on the page: what surrounds it may have to open first. Returns how to give up. */
export function seek(key: string): () => void {
  let frame = 0;
  let left = FRAMES;
  const look = () => {
    const control = document.getElementById(idOf(key));
    left -= 1;
    if (control) {
      control.focus();
      control.scrollIntoView({ block: "center" });
    } else if (left > 0) frame = requestAnimationFrame(look);
  };
  frame = requestAnimationFrame(look);
  return () => cancelAnimationFrame(frame);
}
