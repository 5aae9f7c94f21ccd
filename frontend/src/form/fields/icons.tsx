import type { SVGProps } from "react";

function line(d: string) {
  return function Icon({ size = 16, ...rest }: SVGProps<SVGSVGElement> & { size?: number }) {
    return (
      <svg
        width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={2}
        strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false" {...rest}
      >
        <path d={d} />
      </svg>
    );
  };
}

export const ResetIcon = line("M5 5V10H10M5.5 10A7 7 0 1 1 5.2 14");
export const ChevronIcon = line("M9 6 15 12 9 18");
export const QuestionIcon = line("M9 9A3 3 0 1 1 13 11.7C12.3 12.1 12 12.6 12 13.5M12 17V17.1");
