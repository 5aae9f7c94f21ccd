import { ActionIcon, Menu } from "@mantine/core";
import { memo, type RefObject } from "react";
import type { Figure } from "../api/figure";
import { DotsIcon, DownloadIcon, ExpandIcon } from "../ui/icons";
import type { Drawer } from "./drawer";
import { csv, save } from "./export";

interface ChartMenuProps {
  title: string;
  /** Held, not handed over: a live figure is another one many times a second. */
  figure: RefObject<Figure | undefined>;
  drawer: { current: Drawer | null };
  card: RefObject<HTMLDivElement | null>;
}

/** What can be done with a chart: full screen, and keeping it as a picture or as numbers. */
export const ChartMenu = memo(function ChartMenu({ title, figure, drawer, card }: ChartMenuProps) {
  const name = `lathe ${title.toLowerCase()}`.replaceAll(/\W+/g, "-");
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : card.current?.requestFullscreen());
  const keep = (text: (shown: Figure) => string, ending: string, kind: string) => figure.current && save(text(figure.current), `${name}.${ending}`, kind);
  return (
    <>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`${title}: full screen`} onClick={() => void full()}>
        <ExpandIcon size={14} />
      </ActionIcon>
      <Menu position="bottom-end" withinPortal={false}>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`${title}: download`}>
            <DotsIcon size={14} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Download</Menu.Label>
          <Menu.Item leftSection={<DownloadIcon />} onClick={() => void drawer.current?.download("png", name)}>
            Picture (PNG)
          </Menu.Item>
          <Menu.Item leftSection={<DownloadIcon />} onClick={() => void drawer.current?.download("svg", name)}>
            Drawing (SVG)
          </Menu.Item>
          <Menu.Item leftSection={<DownloadIcon />} onClick={() => keep(csv, "csv", "text/csv")}>
            Numbers (CSV)
          </Menu.Item>
          <Menu.Item leftSection={<DownloadIcon />} onClick={() => keep(({ data, layout }) => JSON.stringify({ data, layout }), "json", "application/json")}>
            Plotly figure (JSON)
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
});
