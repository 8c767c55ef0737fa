import { describe, expect, test } from 'vitest';
import { createCourse } from './course.ts';

const theirs = (position: number, mayPass = false) => ({ position, own: false, mayPass });
const own = (position: number) => ({ position, own: true, mayPass: false });

function basedAt(position: number) {
  const course = createCourse();
  course.base(position);
  return course;
}

describe('[DEL-6] what is told to be on a device', () => {
  test('is the last position up to which all was looked at', () => {
    const course = basedAt(3);
    for (const position of [4, 5, 7]) course.note(theirs(position));
    expect(course.delivered()).toBe(5);
    expect(course.hasGap()).toBe(true);
    course.note(theirs(6));
    expect([course.delivered(), course.hasGap()]).toEqual([7, false]);
  });

  test('is nothing before it is known how far devices had got, and then counts from there', () => {
    const course = createCourse();
    course.note(theirs(9));
    expect([course.delivered(), course.hasNews()]).toEqual([null, true]);
    course.base(8);
    expect(course.delivered()).toBe(9);
  });

  test('does not pass what may become readable yet, and leaves no gap for it', () => {
    const course = basedAt(0);
    for (const position of [theirs(1), theirs(2, true), theirs(3)]) course.note(position);
    expect([course.delivered(), course.hasGap()]).toEqual([1, false]);
    course.told(1);
    expect(course.hasNews()).toBe(false);
    course.note(theirs(2));
    expect(course.delivered()).toBe(3);
  });

  test('is not worth telling for own messages alone', () => {
    const course = basedAt(0);
    course.note(own(1));
    expect(course.hasNews()).toBe(false);
    course.note(theirs(2));
    expect(course.delivered()).toBe(2);
    course.told(2);
    expect(course.delivered()).toBeNull();
  });

  test('is worth telling once a gap was looked into, so that nobody looks there again', () => {
    const course = basedAt(0);
    course.hear(2);
    expect(course.hasGap()).toBe(true);
    for (const position of [1, 2]) course.note(own(position));
    course.filled();
    expect([course.delivered(), course.hasGap()]).toEqual([2, false]);
  });

  test('needs no look at what a person has read already', () => {
    const course = basedAt(0);
    course.hear(500);
    course.skipTo(500);
    expect([course.hasGap(), course.top()]).toEqual([false, 500]);
  });
});

test('a server that lists less than it says is not asked again', () => {
  const course = basedAt(1);
  course.hear(9);
  course.endAt(1);
  expect(course.hasNews()).toBe(false);
});

test('what could not be told waits until it is tried again', () => {
  const course = basedAt(0);
  course.note(theirs(1));
  course.pause();
  expect(course.hasNews()).toBe(false);
  course.resume();
  expect(course.hasNews()).toBe(true);
});
