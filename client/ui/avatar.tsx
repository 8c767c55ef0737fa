import { avatarStyle } from './avatar-style.ts';
import { classNames } from './class-names.ts';

const SIZES = { small: 'size-8 text-xs', medium: 'size-11 text-sm', large: 'size-20 text-2xl' } as const;

interface AvatarProps {
  readonly userId: string;
  readonly ownDomain: string;
  readonly size?: keyof typeof SIZES;
}

/** Draws a person: initials on a hue of their own, in the shape of their domain; the name always stands beside it. */
export function Avatar({ userId, ownDomain, size = 'medium' }: AvatarProps) {
  const style = avatarStyle(userId, ownDomain);
  return (
    <span
      aria-hidden="true"
      className={classNames('inline-flex shrink-0 items-center justify-center font-semibold tracking-wide', SIZES[size], style.hueClass, style.shapeClass)}
    >
      {style.initials}
    </span>
  );
}

const PAIR_TEXT = { small: 'text-[0.5rem]', medium: 'text-[0.625rem]', large: 'text-base' } as const;
const PAIR_SIZES = { small: ['size-8', 'size-5'], medium: ['size-11', 'size-6.5'], large: ['size-20', 'size-12'] } as const;

/** Draws two of a group's people, one before the other, in the room of one avatar. */
export function AvatarPair({ userIds, ownDomain, size = 'medium' }: { userIds: readonly [string, string]; ownDomain: string; size?: keyof typeof SIZES }) {
  const [frame, one] = PAIR_SIZES[size];
  const places = ['top-0 end-0', 'bottom-0 start-0 ring-2 ring-(--surface)'];
  return (
    <span aria-hidden="true" className={classNames('relative inline-block shrink-0', frame)}>
      {userIds.map((userId, index) => {
        const style = avatarStyle(userId, ownDomain);
        return (
          <span
            key={userId}
            className={classNames(
              'absolute inline-flex items-center justify-center font-semibold',
              PAIR_TEXT[size],
              one,
              places[index],
              style.hueClass,
              style.shapeClass,
            )}
          >
            {style.initials}
          </span>
        );
      })}
    </span>
  );
}
