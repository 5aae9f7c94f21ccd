import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { Annotation, Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

import { difference, type Mark } from "../spec/marks";

export interface EditorProps {
  label: string;
  value: string;
  marks: readonly Mark[];
  readOnly: boolean;
  onChange: (value: string) => void;
}

/** Set on changes that came from outside, so that they are not told back as typed. */
const fromOutside = Annotation.define<boolean>();

const colors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "light-dark(#2f4bb0, #9db4ff)" },
  { tag: tags.comment, color: "var(--mantine-color-dimmed)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null], color: "light-dark(#97480b, #f0b37e)" },
  { tag: tags.string, color: "light-dark(#1c6b45, #86d3a8)" },
  { tag: tags.punctuation, color: "var(--mantine-color-dimmed)" },
]);

const look = EditorView.theme({
  "&": { fontSize: "12.5px", backgroundColor: "transparent", color: "var(--mantine-color-text)", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mantine-font-family-monospace)", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--mantine-color-text)" },
  ".cm-cursor": { borderLeftColor: "var(--mantine-color-text)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--mantine-color-placeholder)", border: "none" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--lathe-sunken) 55%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "light-dark(#cfdafc, #2f3f74)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--lathe-surface)",
    border: "1px solid var(--mantine-color-default-border)",
    color: "var(--mantine-color-text)",
  },
});

/** The spec as YAML, with line numbers, colours and marks where something is wrong. */
export default function Editor({ label, value, marks, readOnly, onChange }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const access = useRef(new Compartment());
  const tell = useRef(onChange);
  tell.current = onChange;

  useEffect(() => {
    const created = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(), history(), drawSelection(), highlightActiveLine(), indentOnInput(), bracketMatching(), yaml(), lintGutter(),
          syntaxHighlighting(colors), look, EditorView.lineWrapping, keymap.of([...defaultKeymap, ...historyKeymap]),
          access.current.of([]),
          EditorView.updateListener.of((update) => {
            const typed = update.transactions.some((change) => change.docChanged && !change.annotation(fromOutside));
            if (typed) tell.current(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = created;
    return () => created.destroy();
    // The view is made once; the effects below keep it current.
  }, []);

  useEffect(() => {
    const attributes = { "aria-label": label, role: "textbox", "aria-multiline": "true", "aria-readonly": String(readOnly), spellcheck: "false" };
    const extensions = [EditorView.contentAttributes.of(attributes), EditorState.readOnly.of(readOnly), EditorView.editable.of(!readOnly)];
    view.current?.dispatch({ effects: access.current.reconfigure(extensions) });
  }, [label, readOnly]);

  useEffect(() => {
    const change = view.current && difference(view.current.state.doc.toString(), value);
    if (change) view.current!.dispatch({ changes: change, annotations: fromOutside.of(true) });
  }, [value]);

  useEffect(() => {
    const state = view.current?.state;
    if (!state) return;
    const within = (at: number) => Math.min(Math.max(at, 0), state.doc.length);
    const found = marks.map(({ from, to, message }) => ({ from: within(from), to: within(to), message, severity: "error" as const }));
    view.current!.dispatch(setDiagnostics(state, found));
  }, [marks, value]);

  return <div ref={host} style={{ height: "100%" }} />;
}
