import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, body } from "./client";

export interface TradeoffQuery {
  where?: string;
  minimize?: string;
  runs?: string;
  formats?: string;
  devices?: string;
}

/** Measured models that meet a constraint, best first, or the nearest misses. */
export const useTradeoffs = (query: TradeoffQuery) =>
  useQuery({
    queryKey: ["tradeoffs", query],
    queryFn: ({ signal }) => body(api.GET("/api/tradeoffs", { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
