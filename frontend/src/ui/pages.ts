import { ColumnsIcon, ListIcon, ScatterIcon, StudyIcon, TableIcon } from "./icons";

/** The pages that can be gone to from everywhere. */
export const PAGES = [
  { href: "/", label: "Runs", icon: ListIcon, owns: (at: string) => at === "/" || at.startsWith("/runs/") },
  { href: "/studies", label: "Studies", icon: StudyIcon, owns: (at: string) => at.startsWith("/studies") },
  { href: "/catalog", label: "Catalog", icon: ColumnsIcon, owns: (at: string) => at === "/catalog" },
  { href: "/tradeoffs", label: "Trade-offs", icon: ScatterIcon, owns: (at: string) => at === "/tradeoffs" },
  { href: "/data", label: "Data", icon: TableIcon, owns: (at: string) => at === "/data" },
];
