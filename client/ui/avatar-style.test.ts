import { expect, it } from 'vitest';
import { avatarStyle } from './avatar-style.ts';

it('people of the own server are circles, those of another one share another shape', () => {
  expect(avatarStyle('dave@a.test', 'a.test').shapeClass).toBe('avatar-shape-own');
  expect(avatarStyle('bob@b.test', 'a.test').shapeClass).not.toBe('avatar-shape-own');
  expect(avatarStyle('bob@b.test', 'a.test').shapeClass).toBe(avatarStyle('grace@b.test', 'a.test').shapeClass);
});
it('initials are those of two words, else the first two letters', () => {
  expect(avatarStyle('carol.weiss@c.test', 'a.test').initials).toBe('CW');
  expect(avatarStyle('bob@b.test', 'a.test').initials).toBe('BO');
});
