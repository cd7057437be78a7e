import { describe, expect, it } from 'vitest';
import { Admission } from '../../../service/inference/admission.ts';
import { Overloaded } from '../../../service/inference/errors.ts';
import { FairShares } from '../../../service/inference/fair-shares.ts';

describe('the share of a client', () => {
  it('is the whole queue while no other client is active', () => {
    const admission = new Admission(4);
    for (let item = 0; item < 4; item++) admission.admit(1, 'a');
    expect(admission.held).toBe(4);
  });

  it('is divided among the clients that hold items or were refused within the last 10 s', () => {
    let now = 0;
    const admission = new Admission(4, () => now);
    const slots = Array.from({ length: 4 }, () => admission.admit(1, 'a'));
    expect(() => admission.admit(1, 'b')).toThrow('full');
    slots.pop()?.release();
    expect(() => admission.admit(1, 'a')).toThrow('share');
    admission.admit(1, 'b').release();
    slots.pop()?.release();
    expect(() => admission.admit(1, 'a')).toThrow('share');
    now += 10_001;
    admission.admit(2, 'a');
    expect(admission.held).toBe(4);
  });

  it('is at least one item, and does not bound requests without a client', () => {
    const admission = new Admission(3);
    const clients = ['a', 'b', 'c'];
    for (const client of clients) admission.admit(1, client);
    expect(() => admission.admit(1, 'd')).toThrow('full');
    const other = new Admission(4);
    other.admit(1, 'a');
    for (let item = 0; item < 3; item++) other.admit();
    expect(other.held).toBe(4);
  });

  it('may be exceeded by a single request, so that a large one is not refused for ever', () => {
    const admission = new Admission(6);
    admission.admit(1, 'a');
    admission.admit(1, 'b');
    const large = admission.admit(0, 'c');
    large.resize(1);
    large.resize(4);
    expect(() => admission.admit(1, 'c')).toThrow(Overloaded);
    expect(admission.held).toBe(6);
  });

  it('does not keep a request from needing less, however much its client holds', () => {
    const admission = new Admission(6);
    const large = admission.admit(4, 'a');
    admission.admit(1, 'a');
    admission.admit(1, 'b');
    large.resize(3);
    expect(admission.held).toBe(5);
  });

  it('is rounded down', () => {
    const admission = new Admission(8);
    for (const client of ['a', 'b', 'c']) admission.admit(1, client);
    admission.admit(1, 'a');
    expect(() => admission.admit(1, 'a')).toThrow('share');
  });

  it('is the same for all requests of a client, whichever were there first', () => {
    const admission = new Admission(4);
    const [early, late] = [admission.admit(0, 'a'), admission.admit(0, 'a')];
    admission.admit(1, 'b');
    early.resize(1);
    late.resize(1);
    expect(() => admission.admit(1, 'a')).toThrow('share');
    admission.admit(0, 'a').release();
    expect(() => admission.admit(1, 'a')).toThrow('share');
    early.release();
    late.release();
    admission.admit(2, 'a');
    expect(admission.held).toBe(3);
  });
});

describe('fair shares', () => {
  it('are known for a bounded number of clients; the others have one share together', () => {
    let now = 0;
    const shares = new FairShares(30, () => now, 2);
    shares.add(shares.of('a'), 10);
    shares.refused(shares.of('b'));
    const [c, d] = [shares.of('c'), shares.of('d')];
    shares.add(c, 10);
    expect(shares.of('d')).toBe(c);
    expect(shares.excess(shares.of('d'), 1, 0)).toBe(1);
    expect(d.items).toBe(0);
    now += 10_001;
    // "b" has been forgotten, so there is room again; what "c" holds is still counted where it was.
    shares.add(shares.of('a'), -10);
    expect(shares.of('c')).not.toBe(c);
    shares.add(c, -10);
    expect(shares.excess(shares.of('e'), 100, 0)).toBe(0);
  });

  it('are those of the clients that were refused last, in whatever order they were before', () => {
    let now = 0;
    const shares = new FairShares(30, () => now);
    for (const name of ['a', 'b', 'a']) {
      shares.refused(shares.of(name));
      now += 4000;
    }
    // 12 s after the first refusal, 8 s after the second one.
    now += 3000;
    const c = shares.of('c');
    shares.add(c, 1);
    // "b" has been forgotten.
    expect(shares.excess(c, 15, 0)).toBe(1);
  });

  it('count a client that was refused long ago while it holds items', () => {
    let now = 0;
    const shares = new FairShares(30, () => now);
    const a = shares.of('a');
    shares.refused(a);
    shares.add(a, 1);
    now += 10_001;
    const b = shares.of('b');
    shares.add(b, 1);
    expect(shares.excess(b, 15, 0)).toBe(1);
  });

  it('keep 10,000 clients apart', () => {
    const shares = new FairShares(100_000, () => 0);
    const clients = Array.from({ length: 10_000 }, (_, index) => `client ${index}`);
    for (const client of clients) shares.refused(shares.of(client));
    for (const client of clients) {
      const share = shares.of(client);
      expect(shares.excess(share, 1, 0)).toBe(0);
      shares.add(share, 1);
    }
    expect(shares.excess(shares.of('client 1'), 10, 0)).toBe(1);
  });
});
