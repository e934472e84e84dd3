"""What makes a page usable, measured in the browser: WCAG 2.2 level AA where it has numbers."""
from cloud_python import Failed

# For every element that has text of its own: the contrast with what is behind it (WCAG 1.4.3).
CONTRASTS = """
const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
const channels = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
                             return [...canvas.getImageData(0, 0, 1, 1).data]; };
const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
                                          .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = element => { for (; element; element = element.parentElement) {
  const colour = channels(getComputedStyle(element).backgroundColor); if (colour[3]) return colour; } return [255, 255, 255]; };
return [...document.querySelectorAll('body *')]
  .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
  .map(element => { const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))];
                    return [element.textContent.trim().slice(0, 30), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; });
"""
SMALL = """
return [...document.querySelectorAll('button, input, textarea')].filter(field => field.checkVisibility())
  .map(field => field.getBoundingClientRect())
  .filter(box => box.width < 44 || box.height < 44).length + ([...document.querySelectorAll('body *')]
  .filter(element => element.textContent.trim() && parseFloat(getComputedStyle(element).fontSize) < 14).length);
"""
OUTSIDE = """
return [...document.querySelectorAll('body *')].filter(element => element.getBoundingClientRect().right > innerWidth + 0.5)
  .map(element => element.tagName);
"""
STRUCTURE = """
return {lang: document.documentElement.lang, mains: document.querySelectorAll('main').length,
        headings: [...document.querySelectorAll('h1, h2, h3')].map(heading => +heading.tagName[1]),
        unnamed: [...document.querySelectorAll('button, a, input, textarea, [role=img]')]
          .filter(element => !(element.textContent.trim() || element.getAttribute('aria-label') || element.labels?.length
                               || document.getElementById(element.getAttribute('aria-labelledby')))).length,
        scripts: document.scripts.length, cookies: document.cookie, quirks: document.compatMode !== 'CSS1Compat'};
"""
FOCUS = """
const style = getComputedStyle(document.activeElement);
return [document.activeElement.tagName, style.outlineStyle, parseFloat(style.outlineWidth)];
"""
TO_THE_TOP = """
const top = document.querySelector('header');
top.tabIndex = -1;
top.focus();
top.removeAttribute('tabindex');
"""
# What can have the focus, in the order of the page.
FOCUSABLE = """
return [...document.querySelectorAll('button, a, input, textarea, summary, [tabindex="0"]')]
  .filter(element => !element.disabled && element.checkVisibility()).map(element => element.tagName);
"""
TAB, ESCAPE = "\ue004", "\ue00c"


def check_page(browser, width, name, scripts):
    def demand(holds, what):
        if not holds:
            raise Failed(f"{name}: {what}")

    wide = browser.run("return document.documentElement.scrollWidth")
    demand(wide <= width, f"is {wide} pixels wide and scrolls sideways at {width}")
    demand(browser.run(OUTSIDE) == [], "something sticks out on the right")
    pale = [(text, round(contrast, 2)) for text, contrast in browser.run(CONTRASTS) if contrast < 4.5]
    demand(pale == [], f"too little contrast: {pale}")
    demand(browser.run(SMALL) == 0, "a button is too small for a finger, or a text too small to read")
    browser.run(TO_THE_TOP)
    for tag in browser.run(FOCUSABLE):
        browser.press(ESCAPE + TAB)  # an editor lets go of Tab after Escape
        focused, line, thickness = browser.run(FOCUS)
        demand((focused, line) == (tag, "solid") and thickness >= 2, f"it does not show that the focus is on {tag}")
    browser.run(TO_THE_TOP)
    structure = browser.run(STRUCTURE)
    headings = structure.pop("headings")
    demand(headings[0] == 1 and headings.count(1) == 1 and all(b - a <= 1 for a, b in zip(headings, headings[1:])), f"headings {headings}")
    expected = {"lang": "en", "mains": 1, "unnamed": 0, "scripts": scripts, "cookies": "", "quirks": False}
    demand(structure == expected, f"structure is {structure}")
