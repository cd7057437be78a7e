import type { Phrasings } from './phrasings.ts';

/** As one asks in passing; what went wrong with a few of them has shown what the grammar lacked. */
export const PLAIN: Phrasings = {
  // four crosses (three red, one of them small; one yellow), a red and a yellow square
  100: [
    ['I can see four crosses here', 'yes'],
    ['not a single circle in this one', 'yes'],
    ['The only little shape is a red cross.', 'yes'],
    ['Nothing here is small.', 'no'],
    ['These shapes were cut out of paper.', 'maybe'],
  ],
  // two yellow triangles and a green one, a green and a brown circle, something blue hidden
  101: [
    ['a big yellow triangle sits above the brown circle', 'yes'],
    ['We have more triangles than squares.', 'yes'],
    ['nothing pink anywhere', 'yes'],
    ['Neither of the yellow triangles is large.', 'no'],
    ['the triangle in the picture is a small one', 'maybe'],
    ['Whoever made this likes green.', 'maybe'],
  ],
  // a large pink heart over something orange
  102: [
    ['looks like a pink heart to me', 'yes'],
    ['just two things in total', 'yes'],
    ['No shape here is green or purple.', 'yes'],
    ['something orange and something pink', 'yes'],
    ['everything you see is pink', 'no'],
    ["I'd say three shapes at least", 'no'],
    ['Whatever is orange in here is little.', 'maybe'],
    ['the heart costs five dollars', 'maybe'],
  ],
  // green: large triangle, large square, small star; pink: small square, large star, small heart
  104: [
    ['Squares: two of them.', 'yes'],
    ['you can find a circle or a heart in it', 'yes'],
    ['the heart belongs to my sister', 'maybe'],
  ],
  // five crosses (blue, pink, brown, small and large purple), a green and a brown heart
  105: [
    ["Just one blue shape, and it's a cross.", 'yes'],
    ['Left of the green heart there is a blue cross.', 'yes'],
    ['the picture has no stars and no squares', 'yes'],
    ['the green heart is down below the brown one', 'no'],
    ['It was painted last summer.', 'maybe'],
  ],
  // a small and a large orange heart, a large pink circle
  106: [
    ["it's got a pink circle and an orange heart", 'yes'],
    ['The pink circle is higher than any heart.', 'yes'],
    ['three hearts or more', 'no'],
    ['everything in this image is big', 'no'],
    ['The hearts are made of plastic.', 'maybe'],
  ],
  // four circles: large red, large brown, small brown, small pink
  107: [
    ['nothing but circles', 'yes'],
    ['Two circles are brown, the others are not.', 'yes'],
    ["there's no traingle here", 'yes'],
    ['the brown circles are above the pink one', 'yes'],
    ["To the right of the pink circle you'll find the red one.", 'no'],
    ["A small circle that's red.", 'no'],
  ],
  // a large and two small purple triangles
  108: [
    ['the big triangle is to the left of both small ones', 'yes'],
    ['this is for sale', 'maybe'],
  ],
  // a red square over something green, a small yellow, a small brown and a large blue star
  109: [
    ['you get at least three stars here', 'yes'],
    ['the blue star is lower down than the yellow one', 'yes'],
    ['the brown star and the yellow star are both small', 'yes'],
    ['the star in this scene is blue', 'maybe'],
  ],
  // a large and a small pink square, a small yellow square, a small yellow triangle
  110: [
    ['three squares plus a triangle', 'yes'],
    ['The triangle is right of all the squares.', 'yes'],
    ['not all the squares are pink', 'yes'],
    ["A triangle that isn't yellow.", 'no'],
    ['no small squares to be seen', 'no'],
    ['a child drew these', 'maybe'],
  ],
  // circles: large brown, large purple, small purple; crosses: small purple, small brown, large yellow
  111: [
    ["The yellow one's a large cross.", 'yes'],
    ['so the circle is purple', 'maybe'],
    ['the shapes will be gone tomorrow', 'maybe'],
  ],
  // a small pink and a small brown triangle, a large pink circle, a small pink star
  112: [
    ['something pink and also something brown', 'yes'],
    ['the star is to the left of everything else', 'yes'],
    ['The circle is both large and pink.', 'yes'],
    ["The star's colour is red.", 'no'],
    ['The brown triangle feels lonely.', 'maybe'],
  ],
  // two large red crosses, a small blue cross, a large blue and a small yellow circle
  114: [
    ['the yellow circle is over to the right of the blue one', 'no'],
    ['the paper is very old', 'maybe'],
  ],
  // a large brown triangle over something yellow, a small blue triangle, three small blue squares
  115: [
    ['A big triangle, brown in colour.', 'yes'],
    ['something yellow to the right of the blue triangle', 'yes'],
    ['A blue circle is in there too.', 'no'],
    ['the triangle that I see is brown', 'maybe'],
    ['My brother owns the yellow thing.', 'maybe'],
  ],
  // a small blue triangle, a large green and a large pink circle, a large pink square
  116: [
    ["up above the circles there's a triangle", 'yes'],
    ['two circles of different colours', 'yes'],
  ],
  // six hearts: a large and two small red, a large and two small brown
  117: [
    ['Equal numbers of red and brown hearts.', 'yes'],
    ['One large heart only.', 'no'],
    ['all hearts shown are red', 'no'],
    ['These hearts are a present for somebody.', 'maybe'],
  ],
  // all brown: a large star, two small crosses, a small triangle, a small circle
  118: [
    ["whatever the shape, it's brown", 'yes'],
    ['Only the star is large.', 'yes'],
    ["the triangle's abvoe the star", 'yes'],
    ['three crosses can be counted', 'no'],
    ['The circle is to the left of the star.', 'no'],
  ],
  // a large orange star, a small orange triangle
  119: [
    ['a star and a triangle, nothing else', 'yes'],
    ['star below triangle', 'yes'],
    ['no more than one small shape', 'yes'],
    ['you cannot find a single triangle in it', 'no'],
    ['the star is worth a lot', 'maybe'],
    ['Outside the frame there is another triangle.', 'maybe'],
  ],
  // a large blue heart over something pink, a small brown heart, two small blue stars
  120: [
    ['The blue heart is up above the brown one.', 'yes'],
    ['two little blue stars', 'yes'],
    ['these shapes are good friends', 'maybe'],
  ],
  // a large and a small red triangle, two small blue triangles, a small yellow square
  121: [
    ['four triangles and a square', 'yes'],
    ["ther aren't any blue squares", 'yes'],
    ['Every triangle you see is blue.', 'no'],
  ],
  // a large pink square over something blue, two small pink squares, two small green triangles, a small pink one
  122: [
    ["there's nothing red or yellow here", 'yes'],
    ['just two squares are pink', 'no'],
    ["whatever's blue is a triangle", 'maybe'],
  ],
  // a large orange, a large pink and a small pink triangle, three small orange stars
  123: [
    ['the stars are all lower than the triangles', 'yes'],
    ['Every star is small and orange.', 'yes'],
    ['not one circle', 'yes'],
    ['the next picture has more stars', 'maybe'],
  ],
};
