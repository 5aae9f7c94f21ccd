import { useCallback, useRef } from "react";

import { ApiError } from "../../api/client";

/** Sends something that is to be created once: the same body sent again after a failure carries the same key. Undefined when the
 * server refused; the mutation holds what it said. */
export function useOnce<Sent extends { key?: string }, Created>(send: (sent: Sent) => Promise<Created>) {
  const attempt = useRef({ text: "", key: "" });
  return useCallback(
    async (body: Omit<Sent, "key">): Promise<Created | undefined> => {
      const text = JSON.stringify(body);
      if (attempt.current.text !== text) attempt.current = { text, key: crypto.randomUUID() };
      try {
        const created = await send({ ...body, key: attempt.current.key } as Sent);
        attempt.current = { text: "", key: "" };
        return created;
      } catch (failure) {
        if (failure instanceof ApiError) return undefined;
        throw failure;
      }
    },
    [send],
  );
}
