import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";
import type { operations } from "./schema";

export type Quality = NonNullable<NonNullable<operations["tradeoffs"]["parameters"]["query"]>["quality"]>;

export interface TradeoffQuery {
  /** Key of a data set; empty asks about that of the newest run. */
  dataset?: string;
  /** Name of a machine; empty asks about that of the newest run. */
  machine?: string;
  where?: string;
  minimize?: string;
  cost?: string;
  quality?: Quality;
  runs?: string;
  models?: string;
  formats?: string;
  devices?: string;
}

/** Measured models that meet a constraint, best first, or the nearest misses. */
export const useTradeoffs = (query: TradeoffQuery) =>
  useQuery({
    queryKey: ["tradeoffs", query],
    queryFn: ({ signal }) => body(api.GET("/api/tradeoffs", { params: { query }, signal })),
    placeholderData: keepPreviousData,
    structuralSharing: false,
  });
