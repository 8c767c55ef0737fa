import { NothingHere } from '../client/features/nothing-here.tsx';

/** Stands at every address that names nothing. */
export default function NotFoundPage() {
  return <NothingHere />;
}
