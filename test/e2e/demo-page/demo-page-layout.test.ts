import { describe, expect, it } from 'vitest';
import { ask, isLeftOut, useDemoPage } from './demo-page.ts';

describe.skipIf(isLeftOut)('the layout of the demo page', () => {
  const demo = useDemoPage();

  it('has a table of answers that fits on the narrowest screens', async () => {
    const page = await demo.openPage({ width: 320, height: 640 });
    await ask(page, `a ${'verylongword'.repeat(10)}\ntwo\nthree\nfour`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320);
    const button = await page.locator('.look').first().boundingBox();
    expect(button && button.x + button.width <= 320).toBe(true);
  });

  it('writes texts in their own direction', async () => {
    const page = await demo.openPage();
    await ask(page, 'يوجد مربع أحمر!\nThere is a red square.');
    const directions = await page.evaluate(
      "[...document.querySelectorAll('#texts, .sentence, #history .caption')].map((each) => getComputedStyle(each).direction)",
    );
    expect(directions).toEqual(['rtl', 'rtl', 'ltr', 'rtl']);
  });

  it('prints the question and its answer in dark on white', async () => {
    const page = await demo.openPage(undefined, 'dark');
    await ask(page, 'a dog');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const colour = await page.evaluate<string>("getComputedStyle(document.querySelector('.sentence')).color");
    const ink = Number(/\d+/.exec(colour)?.[0]);
    expect(ink).toBeLessThan(100);
    for (const left of ['#ask', '#examples', '#history']) expect(await page.locator(left).isVisible()).toBe(false);
    expect(await page.locator('#results').isVisible()).toBe(true);
  });
});
