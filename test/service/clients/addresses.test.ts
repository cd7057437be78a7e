import { describe, expect, it } from 'vitest';
import { ClientAddresses } from '../../../service/clients/addresses.ts';

const addresses = new ClientAddresses(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

function clientOf(remote: string | undefined, headers: Record<string, string> = {}): string | undefined {
  return addresses.clientOf(remote, (name) => headers[name]);
}

describe('the client of a request', () => {
  it('is the other end of the connection, unless that is a trusted proxy', () => {
    expect(clientOf('203.0.113.9')).toBe('203.0.113.9');
    expect(clientOf('203.0.113.9', { 'x-forwarded-for': '198.51.100.1' })).toBe('203.0.113.9');
    expect(clientOf('10.1.2.3')).toBe('10.1.2.3');
    expect(clientOf(undefined)).toBeUndefined();
  });

  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1', '198.51.100.1'],
    ['6.6.6.6, 198.51.100.1, 192.0.2.7, 10.0.0.9', '198.51.100.1'],
    [' 198.51.100.1:4711 ,10.0.0.9', '198.51.100.1'],
    ['10.0.0.8, 10.0.0.9', '10.0.0.8'],
    ['unknown, 10.0.0.9', '10.0.0.9'],
    ['6.6.6.6, junk', '10.1.2.3'],
    ['6.6.6.6, 198.51.100.1:80junk', '10.1.2.3'],
    ['6.6.6.6,', '10.1.2.3'],
  ])('behind trusted proxies with X-Forwarded-For "%s" is %s', (value, client) => {
    expect(clientOf('10.1.2.3', { 'x-forwarded-for': value })).toBe(client);
  });

  it.each([
    ['for=198.51.100.1', '198.51.100.1'],
    ['for=6.6.6.6, proto=https;For="198.51.100.1:80";by=10.0.0.9', '198.51.100.1'],
    ['for="[2001:db8:1:2:3::4]:4711"', '2001:db8:1:2::/64'],
    ['for=198.51.100.1, for=_hidden', '10.1.2.3'],
    ['proto=https', '10.1.2.3'],
  ])('with Forwarded %s is %s', (value, client) => {
    expect(clientOf('10.1.2.3', { forwarded: value })).toBe(client);
  });

  it('is the proxy if both headers are there and contradict each other, as the client may have sent one of them', () => {
    const honest = { 'x-forwarded-for': '198.51.100.1', forwarded: 'for=198.51.100.1' };
    expect(clientOf('10.1.2.3', honest)).toBe('198.51.100.1');
    expect(clientOf('10.1.2.3', { ...honest, forwarded: 'for=6.6.6.6' })).toBe('10.1.2.3');
  });

  it.each([
    ['2001:db8::1', '[2001:0db8:0:0:0:0:0:1]:4711'],
    ['2001:DB8::1', '[2001:db8:0::1]'],
    ['64:ff9b::203.0.113.9', '[64:ff9b::cb00:7109]'],
  ])('is found if both headers name it in another form: %s and %s', (address, other) => {
    const both = { 'x-forwarded-for': address, forwarded: `for="${other}"` };
    expect(clientOf('10.1.2.3', both)).toBe(clientOf(address));
    expect(clientOf('10.1.2.3', { ...both, 'x-forwarded-for': '2001:db8::2' })).toBe('10.1.2.3');
  });

  it.each([
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:DB8:0:0:ffff::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['0:0:0:0:0:ffff:cb00:7109', '203.0.113.9'],
    ['2001:db8::ffff:cb00:7109', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::203.0.113.9', '64:ff9b:0:0::/64'],
  ])('%s belongs to %s', (remote, client) => {
    expect(clientOf(remote)).toBe(client);
  });

  it('is found behind a proxy with an IPv6 address, or one mapped from IPv4', () => {
    const headers = { 'x-forwarded-for': '2001:db8::1' };
    expect(clientOf('fd12::1', headers)).toBe('2001:db8:0:0::/64');
    expect(clientOf('::ffff:10.1.2.3', headers)).toBe('2001:db8:0:0::/64');
  });

  it('is found behind a proxy that is trusted by its own IPv6 address, but not behind its neighbours', () => {
    const proxy = new ClientAddresses(['2001:db8::7']);
    const behind = (remote: string) => proxy.clientOf(remote, (name) => ({ 'x-forwarded-for': '6.6.6.6' })[name]);
    expect(behind('2001:db8::7')).toBe('6.6.6.6');
    expect(behind('2001:db8::8')).toBe('2001:db8:0:0::/64');
  });
});
