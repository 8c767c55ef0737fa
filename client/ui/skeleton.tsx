import { classNames } from './class-names.ts';

/** Draws a grey block in the place of content that is on its way; it appears only after 150 ms. */
export function Skeleton({ className }: { className: string }) {
  return <span aria-hidden="true" className={classNames('skeleton block rounded-lg bg-s2', className)} />;
}

/** Draws the shell of the app without words, as shown before the language is known. */
export function ShellSkeleton() {
  return (
    <div className="flex h-dvh" aria-busy="true">
      <title>SecureChat</title>
      <div className="hidden w-80 shrink-0 flex-col gap-4 border-e border-s2 bg-s1 p-4 sm:flex lg:w-[21.25rem]">
        <Skeleton className="h-8 w-32" />
        <RowSkeletons />
      </div>
      <div className="flex-1 p-4 sm:p-8">
        <div className="sm:hidden">
          <RowSkeletons />
        </div>
      </div>
    </div>
  );
}

/** Draws the places of a few list rows. */
export function RowSkeletons() {
  return (
    <div aria-hidden="true" className="flex flex-col">
      {[70, 55, 62, 48].map((width) => (
        <div key={width} className="flex h-17 items-center gap-3 px-3">
          <Skeleton className="size-11 shrink-0 rounded-full" />
          <div className="flex flex-1 flex-col gap-2">
            <Skeleton className="h-3.5 w-1/2" />
            <Skeleton className="h-3 w-3/4" />
          </div>
        </div>
      ))}
    </div>
  );
}
