import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { ApiError } from "../api/client";
import type { UploadDetail } from "../api/types";
import { send } from "../api/uploads";
import type { Chosen } from "./chosen";
import { partsOf, type Options } from "./parts";

export interface Sending {
  chosen: readonly Chosen[];
  share: number;
  stop: AbortController;
}

/** Sends files. The same ones sent again after a failure carry the same key, so that they arrive once. */
export function useSending(onSent: (upload: UploadDetail) => void) {
  const client = useQueryClient();
  const [sending, setSending] = useState<Sending>();
  const [error, setError] = useState<Error>();
  const attempt = useRef({ text: "", key: "" });
  const start = async (chosen: readonly Chosen[], options: Options) => {
    const stop = new AbortController();
    setError(undefined);
    setSending({ chosen, share: 0, stop });
    const text = signature(chosen, options);
    if (attempt.current.text !== text) attempt.current = { text, key: crypto.randomUUID() };
    try {
      const progress = (share: number) => setSending({ chosen, share, stop });
      const upload = await send(partsOf(chosen, options), attempt.current.key, progress, stop.signal);
      attempt.current = { text: "", key: "" };
      client.setQueryData(["upload", upload.id], upload);
      await client.invalidateQueries({ queryKey: ["uploads"] });
      onSent(upload);
    } catch (problem) {
      if (!stop.signal.aborted) setError(problem instanceof Error ? problem : new ApiError(0, "Error", String(problem)));
    } finally {
      setSending(undefined);
    }
  };
  return { sending, error, start, forget: () => setError(undefined) };
}

const signature = (chosen: readonly Chosen[], options: Options): string =>
  JSON.stringify([options, chosen.map(({ file, path }) => [path, file.size, file.lastModified])]);
