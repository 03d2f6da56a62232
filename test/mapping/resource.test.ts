import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Resources } from '../../src/mapping/resource.js';
import { property, start } from '../support/notifications.js';

const PLAIN = { serviceName: '', resourceAttributes: {} };

describe('resources', () => {
  it('name the service, its project and its host', () => {
    const { attributes } = new Resources(PLAIN).of(start());
    assert.deepEqual(attributes, {
      'service.name': 'nova-conductor',
      'service.namespace': 'nova',
      'host.name': 'ctl-01',
    });
  });

  it('name a service that does not begin with its project after both', () => {
    const resources = new Resources(PLAIN);
    const names: [string, string, string][] = [
      ['nova', 'nova-conductor', 'nova-conductor'],
      ['neutron', 'neutron-server', 'neutron-server'],
      ['keystone', 'public', 'keystone-public'],
      ['glance', 'api', 'glance-api'],
      ['nova', 'osapi_compute', 'nova-osapi_compute'],
      ['nova', 'nova', 'nova'],
      ['nova', '', 'nova'],
      ['', 'api', 'api'],
      ['', '', 'unknown_service'],
    ];
    for (const [project, service, name] of names) {
      assert.equal(resources.of(start({ project, service })).attributes['service.name'], name);
    }
  });

  it('name the service by a template', () => {
    const name = (serviceName: string) =>
      new Resources({ ...PLAIN, serviceName }).of(start({ project: '$&', service: '{host}' })).attributes[
        'service.name'
      ];
    assert.equal(name('{project}-{service}'), '$&-{host}');
    assert.equal(name('os/{service}@{region}'), 'os/{host}@{region}');
    assert.equal(name('fixed'), 'fixed');
  });

  it('leave out what is not known', () => {
    const { attributes } = new Resources(PLAIN).of(start({ project: '', host: '' }));
    assert.deepEqual(attributes, { 'service.name': 'nova-conductor' });
  });

  it("let the operator's attributes win", () => {
    const resourceAttributes = { 'service.name': 'mine', region: 'eu' };
    const { attributes } = new Resources({ ...PLAIN, resourceAttributes }).of(start());
    assert.equal(attributes['service.name'], 'mine');
    assert.equal(attributes['region'], 'eu');
    assert.equal(attributes['host.name'], 'ctl-01');
  });

  it('are one object for the same service on the same host, and another for another', () => {
    const resources = new Resources(PLAIN);
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\0', '0', '1'), maxLength: 4 });
    const who = fc.record({ project: text, service: text, host: text });
    fc.assert(
      fc.property(who, who, (one, other) => {
        const isSame =
          one.project === other.project && one.service === other.service && one.host === other.host;
        assert.equal(resources.of(start(one)) === resources.of(start(other)), isSame);
      }),
      property(500),
    );
  });

  it('hold well-formed text only', () => {
    const { attributes } = new Resources(PLAIN).of(start({ project: '\ud800', host: 'h\udc00' }));
    for (const value of Object.values(attributes)) assert.ok((value as string).isWellFormed());
  });

  it('stay right when very many hosts have spoken', () => {
    const resources = new Resources(PLAIN);
    for (let index = 0; index < 20_001; index++) resources.of(start({ host: `h${index}` }));
    assert.equal(resources.of(start({ host: 'h5' })).attributes['host.name'], 'h5');
  });

  it('behave as the SDK expects of a resource', () => {
    const resource = new Resources(PLAIN).of(start());
    assert.equal(resource.asyncAttributesPending, false);
    assert.deepEqual(Object.fromEntries(resource.getRawAttributes()), resource.attributes);
    assert.equal(resource.merge({ attributes: { region: 'eu' } }).attributes['region'], 'eu');
    assert.deepEqual(resource.merge(null).attributes, resource.attributes);
  });
});
