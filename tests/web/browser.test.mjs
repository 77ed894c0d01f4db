// node --test browser.test.mjs: the package and its example page in Chromium.
import assert from 'node:assert/strict';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, test} from 'node:test';

import {browser, FOLDERS, open, serve} from './browser_support.mjs';
import {difference, document, LIMIT, options, sound} from './support.mjs';

const PICTURES = process.env.DT_WEB_PICTURES;
let server, chromium, context;
before(async () => {
  mkdirSync(PICTURES, {recursive: true});
  server = await serve(FOLDERS);
  chromium = await browser();
  context = await chromium.newContext({viewport: {width: 1000, height: 860}});
});
after(async () => {
  await chromium.close();
  server.close();
});

/** Frames of a case, computed in a page. How: 'animate', or 'stream' in chunks of 50 ms. */
function framesOf([case_, chosen, samples, rate, how]) {
  return (async () => {
    const sound_ = Array.isArray(samples[0]) ? samples.map((c) => Float32Array.from(c)) : Float32Array.from(samples);
    const given = chosen.seed === undefined ? chosen : {...chosen, seed: BigInt(chosen.seed)};
    const talker = await window.dt.load({model: case_.model, profile: given.profile});
    let weights, poses;
    if (how === 'animate') {
      const animation = await talker.animate(sound_, rate, given);
      [weights, poses] = [[...animation.weights], [...animation.head_pose]];
    } else {
      const stream = await talker.stream(given),
        frames = [];
      for (let at = 0; at < sound_.length; at += rate / 20) {
        await stream.push(sound_.subarray(at, at + rate / 20), rate);
        frames.push(...(await stream.pull()));
      }
      await stream.flush();
      frames.push(...(await stream.pull()));
      [weights, poses] = [frames.flatMap((f) => [...f.weights]), frames.flatMap((f) => [...f.head_pose])];
    }
    talker.close();
    return {weights, poses, isolated: window.crossOriginIsolated};
  })();
}

describe('frames are those of Python, in a Worker, without special headers', () => {
  for (const [name, how] of [
    ['offline', 'animate'],
    ['live', 'stream'],
    ['stereo', 'animate'],
  ]) {
    test(`${name}, by ${how}`, async () => {
      const page = await open(context, `${server.url}/tests/blank.html`);
      await page.waitForFunction('window.dt');
      const case_ = document.cases.find((c) => c.name === name),
        {samples, rate} = sound(case_.sound);
      const plain = Array.isArray(samples) ? samples.map((c) => [...c]) : [...samples];
      const {weights, poses, isolated} = await page.evaluate(framesOf, [case_, case_.options, plain, rate, how]);
      assert.equal(isolated, false);
      const off = difference(case_, weights, poses);
      console.log(`${name}: ${off.toExponential(1)}`);
      assert.ok(off <= LIMIT, `${off}`);
      assert.deepEqual(page.faults, []);
      await page.close();
    });
  }
  assert.ok(options);
});

test('the model is fetched once, with its progress, and comes from the cache then', async () => {
  const fresh = await chromium.newContext(),
    page = await open(fresh, `${server.url}/tests/blank.html`);
  await page.waitForFunction('window.dt');
  server.requests.length = 0;
  const loads = () =>
    page.evaluate(async () => {
      const seen = [];
      const talker = await window.dt.load({progress: (done, total) => seen.push([done, total])});
      talker.close();
      return seen;
    });
  const first = await loads(),
    second = await loads();
  assert.equal(server.requests.filter((path) => path.endsWith('.dtb')).length, 1);
  const [done, total] = first.at(-1);
  assert.ok(first.length > 3 && done === total && total > 16e6);
  assert.deepEqual(second, [[total, total]]);
  await fresh.close();
});

test('a kept model that is damaged is dropped, and the next try fetches it', async () => {
  const fresh = await chromium.newContext(),
    page = await open(fresh, `${server.url}/tests/blank.html`);
  await page.waitForFunction('window.dt');
  const said = await page.evaluate(async () => {
    const address = new URL('/web/models/base-2step.dtb', location.href).href;
    await (await caches.open('diffusiontalker')).put(address, new Response(new Uint8Array(1000)));
    const error = await window.dt.load().catch((e) => `${e.name}: ${e.message}`);
    const talker = await window.dt.load();
    talker.close();
    return error;
  });
  assert.match(said, /^BundleError: /);
  await fresh.close();
});

test('what is not there gets one sentence', async () => {
  const page = await open(context, `${server.url}/tests/blank.html`);
  await page.waitForFunction('window.dt');
  const said = (options_) =>
    page.evaluate(
      (o) =>
        window.dt.load(o).then(
          () => '',
          (e) => `${e.name}: ${e.message}`,
        ),
      options_,
    );
  assert.match(
    await said({model: '/no/such.dtb'}),
    /^BundleError: the model cannot be fetched from \S+ \(status 404\): check the address$/,
  );
  assert.match(
    await said({files: '/nowhere'}),
    /^BackendError: the Worker did not start .* put worker.js beside the script/,
  );
  assert.match(await said({model: '/tests/blank.html', cache: false}), /^BundleError: /);
  assert.match(await said({profile: 'fast'}), /^InputError: unknown profile "fast"/);
  await page.close();
});

test('the page does not stall while the networks run', async () => {
  const page = await open(context, `${server.url}/tests/blank.html`);
  await page.waitForFunction('window.dt');
  const {samples, rate} = sound('speech');
  const {longest, n} = await page.evaluate(
    async ([plain, hz]) => {
      const talker = await window.dt.load({profile: 'live'});
      const times = [];
      let goes_on = true;
      const tick = (t) => {
        times.push(t);
        if (goes_on) requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
      const animation = await talker.animate(Float32Array.from(plain), hz);
      goes_on = false;
      talker.close();
      const gaps = times
        .slice(1)
        .map((t, i) => t - times[i])
        .sort((a, b) => a - b);
      return {longest: gaps.at(-1), n: animation.n_frames};
    },
    [[...samples], rate],
  );
  console.log(`the longest gap between two pictures: ${longest.toFixed(0)} ms`);
  assert.equal(n, 213);
  await page.close();
});

describe('the example page', () => {
  const opened = async (from = context) => {
    const page = await open(from, `${server.url}/page/`);
    await page.waitForFunction(() => document.getElementById('status').textContent.startsWith('Ready'));
    return page;
  };
  const jaw = (page) =>
    page.evaluate(() => {
      const frame = window.example.frame();
      return frame ? frame.weights[window.example.talker.channels.indexOf('jawOpen')] : 0;
    });
  const speaks = async (page) => {
    let most = 0;
    for (let i = 0; i < 200 && most < 0.1; i += 1) {
      most = Math.max(most, await jaw(page));
      await page.waitForTimeout(30);
    }
    return most;
  };

  test('plays the example, pauses by the keyboard and ends', async () => {
    const page = await opened();
    await page.screenshot({path: join(PICTURES, 'ready.png')});
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.evaluate(() => document.activeElement.blur()); // Space would press the button again
    await page.waitForFunction(() => document.getElementById('status').textContent.startsWith('Playing'));
    assert.ok((await speaks(page)) > 0.1);
    await page.keyboard.press(' ');
    await page.waitForFunction(() => document.getElementById('pause').textContent === 'Go on');
    await page.screenshot({path: join(PICTURES, 'playing.png')});
    await page.keyboard.press(' ');
    await page.waitForFunction(() => document.getElementById('status').textContent.startsWith('Done'));
    assert.deepEqual(page.faults, []);
    await page.close();
  });

  test('follows the microphone, changes identity and mood meanwhile, and stops', async () => {
    const page = await opened();
    await page.click('#microphone');
    await page.waitForFunction(() => document.getElementById('microphone').getAttribute('aria-pressed') === 'true');
    assert.ok((await speaks(page)) > 0.1);
    await page.selectOption('#identity', 'ada');
    await page.selectOption('#emotion', 'happy');
    await page.waitForTimeout(1500);
    await page.screenshot({path: join(PICTURES, 'microphone.png')});
    await page.click('#microphone');
    await page.waitForFunction(() => document.getElementById('status').textContent === 'The microphone is off.');
    assert.deepEqual(page.faults, []);
    await page.close();
  });

  test('takes a dropped character and sound, and says what is wrong with other files', async () => {
    const page = await opened();
    await page.setInputFiles('#character', join(FOLDERS['/page/'], 'head.glb'));
    await page.waitForFunction(() => document.getElementById('status').textContent === 'head.glb has every channel.');
    const drop = (name, bytes) =>
      page.evaluate(
        ([file, data]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([Uint8Array.from(data)], file));
          document.dispatchEvent(new DragEvent('drop', {dataTransfer: transfer, bubbles: true, cancelable: true}));
        },
        [name, bytes],
      );
    const status = () => page.textContent('#status');
    for (const name of ['no.glb', 'no.wav']) {
      await drop(name, [1, 2, 3, 4]);
      await page.waitForFunction(() => document.getElementById('status').classList.contains('wrong'));
      assert.match(await status(), /^(this file is no character|no\.wav is no sound).*[^.\n]$/);
    }
    await page.screenshot({path: join(PICTURES, 'wrong.png')});
    assert.deepEqual(page.faults, []);
    await page.close();
  });

  test('fits a phone, in the dark, without a network', async () => {
    const phone = await chromium.newContext({viewport: {width: 360, height: 740}, colorScheme: 'dark'});
    const first = await opened(phone);
    await first.evaluate(() => navigator.serviceWorker.ready);
    await first.reload(); // now the service worker has seen every file
    await first.waitForFunction(() => document.getElementById('status').textContent.startsWith('Ready'));
    await first.click('#example');
    await first.waitForFunction(() => document.getElementById('status').textContent.startsWith('Playing'));
    await first.close();
    await phone.setOffline(true);
    const page = await opened(phone);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    await page.click('#example');
    assert.ok((await speaks(page)) > 0.1);
    await page.screenshot({path: join(PICTURES, 'phone.png')});
    await phone.close();
  });
});
