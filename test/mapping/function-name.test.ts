import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { functionName, functionParts, isClientClass } from '../../src/mapping/function-name.js';

/** Every function name in the recorded notifications, with the name it is to get and whether it calls out. */
const RECORDED: readonly (readonly [full: string, name: string, client: boolean])[] = [
  ['__main__.K.m', 'K.m', false],
  ['__main__.boom', 'boom', false],
  ['__main__.deco_base', 'deco_base', false],
  ['__main__.hidden', 'hidden', false],
  ['__main__.result', 'result', false],
  ['__main__.shown', 'shown', false],
  ['cinder.scheduler.manager.SchedulerManager.create_volume', 'SchedulerManager.create_volume', false],
  [
    'cinder.tests.fake_driver.FakeLoggingVolumeDriver.create_volume',
    'FakeLoggingVolumeDriver.create_volume',
    false,
  ],
  ['cinder.volume.manager.VolumeManager.create_volume', 'VolumeManager.create_volume', false],
  ['neutronclient.v2_0.client.Client.create_port', 'Client.create_port', true],
  ['neutronclient.v2_0.client.Client.list_extensions', 'Client.list_extensions', true],
  ['neutronclient.v2_0.client.Client.list_floatingips', 'Client.list_floatingips', true],
  ['neutronclient.v2_0.client.Client.list_networks', 'Client.list_networks', true],
  ['neutronclient.v2_0.client.Client.list_ports', 'Client.list_ports', true],
  ['neutronclient.v2_0.client.Client.list_subnets', 'Client.list_subnets', true],
  ['neutronclient.v2_0.client.Client.show_network', 'Client.show_network', true],
  ['neutronclient.v2_0.client.Client.update_port', 'Client.update_port', true],
  ['neutronclient.v2_0.client.ClientBase.deserialize', 'ClientBase.deserialize', false],
  ['neutronclient.v2_0.client.ClientBase.do_request', 'ClientBase.do_request', false],
  ['neutronclient.v2_0.client.ClientBase.get', 'ClientBase.get', false],
  ['neutronclient.v2_0.client.ClientBase.list', 'ClientBase.list', false],
  ['neutronclient.v2_0.client.ClientBase.post', 'ClientBase.post', false],
  ['neutronclient.v2_0.client.ClientBase.put', 'ClientBase.put', false],
  ['neutronclient.v2_0.client.ClientBase.retry_request', 'ClientBase.retry_request', false],
  ['neutronclient.v2_0.client.ClientBase.serialize', 'ClientBase.serialize', false],
  [
    'nova.compute.manager.ComputeManager.build_and_run_instance',
    'ComputeManager.build_and_run_instance',
    false,
  ],
  ['nova.compute.manager.ComputeManager.terminate_instance', 'ComputeManager.terminate_instance', false],
  ['nova.compute.rpcapi.ComputeAPI.build_and_run_instance', 'ComputeAPI.build_and_run_instance', true],
  ['nova.compute.rpcapi.ComputeAPI.get_client', 'ComputeAPI.get_client', true],
  [
    'nova.conductor.manager.ComputeTaskManager.schedule_and_build_instances',
    'ComputeTaskManager.schedule_and_build_instances',
    false,
  ],
  ['nova.conductor.manager.ConductorManager.object_action', 'ConductorManager.object_action', false],
  [
    'nova.conductor.manager.ConductorManager.object_class_action_versions',
    'ConductorManager.object_class_action_versions',
    false,
  ],
  ['nova.network.neutron.ClientWrapper.proxy', 'ClientWrapper.proxy', false],
  [
    'nova.scheduler.manager.SchedulerManager.delete_instance_info',
    'SchedulerManager.delete_instance_info',
    false,
  ],
  [
    'nova.scheduler.manager.SchedulerManager.update_instance_info',
    'SchedulerManager.update_instance_info',
    false,
  ],
  ['nova.scheduler.rpcapi.SchedulerAPI.delete_instance_info', 'SchedulerAPI.delete_instance_info', true],
  ['nova.scheduler.rpcapi.SchedulerAPI.select_destinations', 'SchedulerAPI.select_destinations', true],
  ['nova.scheduler.rpcapi.SchedulerAPI.update_instance_info', 'SchedulerAPI.update_instance_info', true],
  [
    'oslo_messaging.rpc.server.expected_exceptions.<locals>.outer.<locals>.inner',
    'expected_exceptions.inner',
    false,
  ],
];

describe('functionName', () => {
  it('says every recorded function as people do', () => {
    for (const [full, name] of RECORDED) assert.equal(functionName(full), name, full);
  });

  const cases: readonly (readonly [behaviour: string, full: string, name: string | undefined])[] = [
    ['gives class and method', 'nova.network.neutron.API.allocate_for_instance', 'API.allocate_for_instance'],
    ['gives the innermost of nested classes', 'a.b.Outer.Inner.method', 'Inner.method'],
    ['knows private classes and methods', 'a.b._Base.__init__', '_Base.__init__'],
    ['puts the last part of the module before a function', 'nova.utils.execute', 'utils.execute'],
    ['knows a class in lower case by its place', 'a.b.namedthing.method', 'namedthing.method'],
    ['leaves a dunder module out', 'cinder.__init__.setup', 'setup'],
    ['takes a bare function', 'shown', 'shown'],
    ['gives a method its own name inside decorators', 'a.b.M.run.<locals>.outer.<locals>.inner', 'M.run'],
    [
      'finds a method of a class made inside a function',
      'a.b.decorator.<locals>.Class.method',
      'Class.method',
    ],
    ['finds it in lower case too', 'a.b.make.<locals>.thing.method', 'thing.method'],
    ['prefers the innermost method', 'a.A.m.<locals>.B.n.<locals>.wrapper', 'B.n'],
    ['gives the outer and the inner of functions', 'a.outer.<locals>.inner', 'outer.inner'],
    ['gives the outermost and the innermost', 'a.f.<locals>.g.<locals>.h', 'f.h'],
    ['calls a class made inside a function by both', 'a.make.<locals>.Thing', 'make.Thing'],
    ['names a lambda for its function', 'a.b.run.<locals>.<lambda>', 'b.run'],
    ['names a lambda for its method', 'a.b.M.run.<locals>.<lambda>', 'M.run'],
    ['names a comprehension for its function', 'a.b.run.<locals>.<listcomp>', 'b.run'],
    ['keeps the lambda of a module', 'a.b.<lambda>', 'b.<lambda>'],
    ['has no name for a lambda of nobody', '<lambda>', undefined],
    ['reads the repr of a function', '<function x at 0x7f3a5c0d1e10>', 'x'],
    ['reads the repr of a nested function', '<function A.b.<locals>.c at 0x7f3a5c0d1e10>', 'A.b'],
    ['reads the repr of a method', '<bound method A.b of <a.A object at 0x7f3a5c0d1e10>>', 'A.b'],
    ['reads the repr of a built-in', '<built-in function len>', 'len'],
    ['reads the repr of a class', "<class 'nova.objects.Instance'>", 'objects.Instance'],
    ['reads the repr of an instance', '<nova.hooks.Hook object at 0x7f3a5c0d1e10>', 'hooks.Hook'],
    ['reads a partial', 'functools.partial(<function run at 0x7f>, 1, x=2)', 'run'],
    [
      'reads a partial of a partial',
      'functools.partial(functools.partial(<function run at 0x7f>, 1), 2)',
      'run',
    ],
    ['leaves arguments out', 'a.b.M.run(self, 1)', 'M.run'],
    ['trims', '  a.b.M.run\n', 'M.run'],
    ['reads identifiers of any script', 'módulo.Größe.öffnen', 'Größe.öffnen'],
    ['has no name for nothing', '', undefined],
    ['has no name for blanks', '   ', undefined],
    ['has no name for text', 'no such thing', undefined],
    ['has no name for empty parts', 'a..b', undefined],
    ['has no name for a trailing dot', 'a.b.', undefined],
    ['has no name for digits', '1.2', undefined],
    ['has no name around NUL', 'a.b\u0000c', undefined],
    ['has no name for nothing but locals', '<locals>.<locals>', undefined],
    ['has no name behind missing ones', '<locals>.f', undefined],
    ['leaves a class out that is too long', `a.${'C'.repeat(250)}.method`, 'method'],
    ['has no name for a method that is too long', `a.C.${'m'.repeat(256)}`, undefined],
    ['has no name for what is far too long', 'a.'.repeat(1_000_000), undefined],
  ];
  for (const [behaviour, full, name] of cases) {
    it(behaviour, () => assert.equal(functionName(full), name));
  }

  it('never throws, and gives at most 255 characters without <locals>', () => {
    const part = fc.oneof(
      fc.constantFrom(
        '<locals>',
        '<lambda>',
        'Class',
        'method',
        'functools.partial(',
        '<function f at 0x1>',
        '',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.string({ minLength: 250, maxLength: 260 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const name = functionName(parts.join('.'));
        assert.ok(name === undefined || (name !== '' && name.length <= 255 && !name.includes('<locals>')));
      }),
      { seed: 20240611, numRuns: 500 },
    );
  });
});

describe('functionParts', () => {
  it('tells module, class and method apart', () => {
    assert.deepEqual(functionParts('nova.compute.manager.ComputeManager.reboot_instance'), {
      module: 'nova.compute.manager',
      class: 'ComputeManager',
      method: 'reboot_instance',
    });
  });

  it('leaves classes out of the module', () => {
    assert.deepEqual(functionParts('a.b.Outer.Inner.m'), { module: 'a.b', class: 'Inner', method: 'm' });
    assert.deepEqual(functionParts('a.A.m.<locals>.B.n'), { module: 'a', class: 'B', method: 'n' });
  });

  it('gives a function no class', () => {
    assert.deepEqual(functionParts('nova.utils.execute'), { module: 'nova.utils', method: 'execute' });
    assert.deepEqual(functionParts('execute'), { module: '', method: 'execute' });
  });

  it('gives a function inside functions its outermost one', () => {
    assert.deepEqual(
      functionParts('oslo_messaging.rpc.server.expected_exceptions.<locals>.outer.<locals>.inner'),
      {
        module: 'oslo_messaging.rpc.server',
        outer: 'expected_exceptions',
        method: 'inner',
      },
    );
  });
});

describe('isClientClass', () => {
  it('knows the clients among the recorded functions', () => {
    for (const [full, , client] of RECORDED) assert.equal(isClientClass(full), client, full);
  });

  it('knows clients by their class', () => {
    assert.equal(isClientClass('nova.conductor.api.API.build_instances'), true);
    assert.equal(isClientClass('heat.rpc.client.EngineClient.create_stack'), true);
    assert.equal(isClientClass('neutron.agent.l3.agent.L3PluginApi.get_routers'), true);
    assert.equal(isClientClass('a.make.<locals>.ThingAPI.call'), true);
  });

  it('knows clients by their module', () => {
    assert.equal(isClientClass('nova.compute.rpcapi.Router.call'), true);
    assert.equal(isClientClass('nova.compute.rpcapi.reset'), true);
    assert.equal(isClientClass('nova.compute.rpcapi.Router.call.<locals>.inner'), true);
  });

  it('takes nothing else for a client', () => {
    assert.equal(isClientClass('nova.api.manager.MetadataManager.get'), false);
    assert.equal(isClientClass('nova.rpcapis.Manager.get'), false);
    assert.equal(isClientClass('a.Manager.rpcapi'), false);
    assert.equal(isClientClass('a.APIManager.get'), false);
    assert.equal(isClientClass('not a name'), false);
  });
});
