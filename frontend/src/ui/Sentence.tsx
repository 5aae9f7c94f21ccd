import { Fragment } from "react";

/** One of the server's sentences: what stands between backticks is set as code. */
export function Sentence({ text }: { text: string }) {
  return text.split(/`([^`]*)`/).map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : <Fragment key={index}>{part}</Fragment>));
}
