import type { ReactNode, SVGProps } from "react";

type IconProps = SVGProps<SVGSVGElement> & { size?: number };

function icon(shape: ReactNode) {
  return function Icon({ size = 16, ...rest }: IconProps) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth={2}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
        {...rest}
      >
        {shape}
      </svg>
    );
  };
}

const path = (d: string) => icon(<path d={d} />);

export const CheckIcon = path("M5 12.5 10 17.5 19 7.5");
export const CrossIcon = path("M7 7 17 17M17 7 7 17");
export const PlusIcon = path("M12 5V19M5 12H19");
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="6" />
    <path d="M15.5 15.5 20 20" />
  </>,
);
export const PlayIcon = icon(<path d="M8 5.5V18.5L18.5 12Z" fill="currentColor" />);
export const PauseIcon = path("M9 6V18M15 6V18");
export const StopIcon = icon(<rect x="7" y="7" width="10" height="10" rx="1.5" fill="currentColor" />);
export const BanIcon = icon(
  <>
    <circle cx="12" cy="12" r="8" />
    <path d="M6.5 6.5 17.5 17.5" />
  </>,
);
export const ClockIcon = icon(
  <>
    <circle cx="12" cy="12" r="8" />
    <path d="M12 7.5V12L15 14" />
  </>,
);
export const AlertIcon = icon(
  <>
    <path d="M12 4.5 20.5 19.5H3.5Z" />
    <path d="M12 10.5V14M12 16.8V17" />
  </>,
);
export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="10.5" height="10.5" rx="2" />
    <path d="M15 9V6.5A2 2 0 0 0 13 4.5H6.5A2 2 0 0 0 4.5 6.5V13A2 2 0 0 0 6.5 15H9" />
  </>,
);
export const CloneIcon = icon(
  <>
    <rect x="9" y="9" width="10.5" height="10.5" rx="2" />
    <path d="M14.25 12V16.5M12 14.25H16.5M15 9V6.5A2 2 0 0 0 13 4.5H6.5A2 2 0 0 0 4.5 6.5V13A2 2 0 0 0 6.5 15H9" />
  </>,
);
export const ScissorsIcon = icon(
  <>
    <circle cx="7" cy="6.5" r="2.5" />
    <circle cx="7" cy="17.5" r="2.5" />
    <path d="M9 8 19.5 17.5M9 16 19.5 6.5" />
  </>,
);
export const StudyIcon = icon(
  <>
    <circle cx="12" cy="12" r="8" />
    <circle cx="12" cy="12" r="3.6" />
    <path d="M12 12V12.1" strokeWidth={3} />
  </>,
);
export const TrashIcon = path("M5 7H19M10 7V4.8H14V7M7 7 8 19.5H16L17 7M10.5 11V15.5M13.5 11V15.5");
export const DownloadIcon = path("M12 4.5V15M7.5 10.5 12 15 16.5 10.5M5 19.5H19");
export const ExpandIcon = path("M9 4.5H4.5V9M15 4.5H19.5V9M9 19.5H4.5V15M15 19.5H19.5V15");
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="3.8" />
    <path d="M12 3V5M12 19V21M3 12H5M19 12H21M5.6 5.6 7 7M17 17 18.4 18.4M5.6 18.4 7 17M17 7 18.4 5.6" />
  </>,
);
export const MoonIcon = path("M19.5 14A8 8 0 0 1 10 4.5A8 8 0 1 0 19.5 14Z");
export const ScreenIcon = icon(
  <>
    <rect x="3.5" y="5" width="17" height="11.5" rx="2" />
    <path d="M9 20H15" />
  </>,
);
export const ListIcon = path("M4.5 7H19.5M4.5 12H19.5M4.5 17H13");
export const ScatterIcon = icon(
  <>
    <path d="M4.5 4.5V19.5H19.5" />
    <path d="M9 14.5V14.6M12.5 10V10.1M16.5 12.5V12.6M17.5 6.5V6.6M9.5 7.5V7.6" strokeWidth={3} />
  </>,
);
export const ColumnsIcon = icon(
  <>
    <rect x="4" y="5" width="16" height="14" rx="2" />
    <path d="M9.5 5V19M14.5 5V19" />
  </>,
);
export const DotsIcon = icon(<path d="M12 5.5V5.6M12 12V12.1M12 18.5V18.6" strokeWidth={3} />);
export const ArrowUpIcon = path("M12 19V5.5M6.5 11 12 5.5 17.5 11");
export const ArrowDownIcon = path("M12 5V18.5M6.5 13 12 18.5 17.5 13");
export const LinkIcon = path("M10 14A4 4 0 0 0 15.7 14L18.5 11.2A4 4 0 0 0 12.8 5.5L11.5 6.8M14 10A4 4 0 0 0 8.3 10L5.5 12.8A4 4 0 0 0 11.2 18.5L12.5 17.2");
export const CpuIcon = icon(
  <>
    <rect x="7" y="7" width="10" height="10" rx="1.5" />
    <path d="M10 3.5V7M14 3.5V7M10 17V20.5M14 17V20.5M3.5 10H7M3.5 14H7M17 10H20.5M17 14H20.5" />
  </>,
);
export const FileIcon = path("M13.5 4.5H7A1.5 1.5 0 0 0 5.5 6V18A1.5 1.5 0 0 0 7 19.5H17A1.5 1.5 0 0 0 18.5 18V9.5ZM13.5 4.5V9.5H18.5");
export const TableIcon = icon(
  <>
    <rect x="4" y="5" width="16" height="14" rx="2" />
    <path d="M4 10H20M10 10V19" />
  </>,
);
export const UploadIcon = path("M12 15V4.5M7.5 9 12 4.5 16.5 9M5 19.5H19");
