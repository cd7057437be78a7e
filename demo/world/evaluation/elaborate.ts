import type { Phrasings } from './phrasings.ts';

/** Elaborate ones: what went wrong with them has shown which constructions the grammar lacked. */
export const ELABORATE: Phrasings = {
  // a purple square; red, orange and purple stars; all small
  0: [
    ['three stars, each a different colour', 'yes'],
    ["it's got a red star down near the bottom", 'yes'],
    ['Not a circle in sight.', 'yes'],
    ["What's purple here is the square and one of the stars.", 'yes'],
    ['Every last one of these stars is purple.', 'no'],
    ['The square sits over to the left of the red star.', 'no'],
    ["Bang in the middle there's a red star.", 'no'],
    ['I can see two squares, both purple.', 'no'],
    ['someone painted the square yesterday', 'maybe'],
  ],
  // three small orange triangles and a small purple one; two small orange crosses and a large one
  1: [
    ["Apart from one purple triangle, everything's orange.", 'yes'],
    ["You'll find more triangles than crosses here.", 'yes'],
    ["Left of the purple triangle you'll see a large cross.", 'yes'],
    ['Each cross is orange, whatever its size.', 'yes'],
    ["Above the purple triangle there isn't a single cross.", 'no'],
    ['The purple triangle costs more than the crosses do.', 'maybe'],
  ],
  // large stars, blue and yellow; small circles, blue and yellow; small squares, two blue and one yellow
  2: [
    ['Both of the stars are big ones.', 'yes'],
    ["It's the blue star that's higher up, not the yellow one.", 'yes'],
    ['No shape here is anything other than blue or yellow.', 'yes'],
    ['a star thats red', 'no'],
    ['Exactly two squares can be seen here.', 'no'],
    ["You won't find a yellow square in here.", 'no'],
    ["Circle's blue", 'maybe'],
    ['The big blue star is made of felt.', 'maybe'],
  ],
  // a hidden orange thing behind a large pink circle; small squares, orange, yellow and pink
  3: [
    ['Something orange is peeking out from behind the pink circle.', 'yes'],
    ['A pink square, and to its right an orange one.', 'yes'],
    ["more or less in the middle there's an orange square", 'yes'],
    ["there's pink in it alright", 'yes'],
    ['Up at the very top is a yellow square.', 'no'],
    ['The thing tucked behind the circle is a triangle.', 'maybe'],
    ['the orange thing the circle covers is just a little one', 'maybe'],
  ],
  // triangles: two large green, one large orange, two small blue; a small green square
  4: [
    ['five triangles plus a square', 'yes'],
    ['The blue triangles are both little.', 'yes'],
    ["The square isn't orange and it isn't blue either.", 'yes'],
    ["Every triangle's a large one.", 'no'],
    ['orange triangle is further down than the squre', 'no'],
    ['Neither blue nor red shows up here.', 'no'],
    ['More of the triangles are blue than green.', 'no'],
  ],
  // stars: large and small brown, large and small purple; a large purple square, two small brown ones
  5: [
    ["Only one of the squares is large, and that one's purple.", 'yes'],
    ['brown stars: one big, one small', 'yes'],
    ['The purple square is sitting to the left of the big brown star.', 'yes'],
    ['the small squares are purple ones', 'no'],
    ['Three stars and four squares make up the picture.', 'no'],
    ["There's a tiny purple star in the top right corner.", 'no'],
    ["Either there's a heart or there's a green star.", 'no'],
    ['The square lies off to the right of the star.', 'maybe'],
    ['The person who drew this likes stars.', 'maybe'],
  ],
  // small stars, two green and two blue; triangles: large blue, small blue, small green
  6: [
    ["Everything's small except for a single blue triangle.", 'yes'],
    ['Sandwiched between two blue triangles is a green star.', 'yes'],
    ['Somewhere in here is a yellow star.', 'no'],
    ["The triangle, it's a small one.", 'maybe'],
    ["You'd find the star to the left of the triangle.", 'maybe'],
    ['tomorrow the green triangle will be gone', 'maybe'],
  ],
  // a large brown star and a small purple one; small circles, three pink, a blue and a green
  7: [
    ["Some circles are pink, others aren't.", 'yes'],
    ['Not one circle is large.', 'yes'],
    ['It is the brown star that is big.', 'yes'],
    ["up top there's a blue cirle", 'yes'],
    ['Five circles, and four of them are pink.', 'no'],
    ['The green circle can be found left of the blue one.', 'no'],
    ['just one star in the whole picture', 'no'],
    ['My sister owns the brown star.', 'maybe'],
  ],
  // a small red triangle and, above it, a small purple one
  8: [
    ["Two triangles and that's your lot.", 'yes'],
    ['The red triangle is lower down than the purple one.', 'yes'],
    ['Only triangles.', 'yes'],
    ['whichever triangle you take, it is red or purple', 'yes'],
    ["it hasn't got any purple in it", 'no'],
    ['No fewer than three triangles are shown.', 'no'],
    ["No, the triangle isn't purple.", 'maybe'],
    ["There's a star hiding just outside the frame.", 'maybe'],
  ],
  // a large brown heart, small yellow and pink hearts, two small yellow stars
  9: [
    ['The stars, both of them, are yellow.', 'yes'],
    ['The yellow heart is up above the pink one.', 'yes'],
    ['The brown heart is only little.', 'no'],
    ['Stars can be seen above the brown heart.', 'no'],
    ['more stars than hearts in this one', 'no'],
    ['Anything yellow in here is a star.', 'no'],
    ['The pink heart feels lonely.', 'maybe'],
  ],
  // hearts: small yellow, small brown, large red; large triangles, orange and red; a large blue and a small red circle
  11: [
    ["There's a little red circle up in the top left corner.", 'yes'],
    ['Three things are red: a circle, a triangle and a heart.', 'yes'],
    ['Both triangles are large, one orange and one red.', 'yes'],
    ["Without a doubt, at least one heart isn't red.", 'yes'],
    ["The blue circle's smaller than the red circle.", 'no'],
    ["I don't see any brown heart.", 'no'],
    ['red triangle is higher up than the orange triangle', 'no'],
    ['The red heart is a gift for someone.', 'maybe'],
  ],
  // triangles: large blue, small blue, small green; squares: large green, small green, small orange, small blue
  12: [
    ["It's got four squares, only one of which is large.", 'yes'],
    ["Under the large green square there's an orange one.", 'yes'],
    ['One little blue triangle and one big one.', 'yes'],
    ['Blue squares: none.', 'no'],
    ["The blue square's over on the right.", 'no'],
    ["Below the triangle, that's where the square is.", 'maybe'],
    ['The orange square is heavier than the blue square.', 'maybe'],
  ],
  // from top to bottom: a pink heart, a pink cross, a blue cross; all small
  13: [
    ['The heart is the same colour as one of the crosses.', 'yes'],
    ['From top to bottom: heart, pink cross, blue cross.', 'yes'],
    ["Small, that's what every shape here is.", 'yes'],
    ["It isn't true that every shape is pink.", 'yes'],
    ['Neither cross is pink.', 'no'],
    ['teh pink heart was cut from an old magazine', 'maybe'],
    ['The blue cross will be moved up later on.', 'maybe'],
  ],
  // pink hearts, two large and two small; a large and a small brown heart; a small brown square
  14: [
    ['Hearts everywhere, six in total, and one brown square.', 'yes'],
    ["There's a large pink heart between a small pink one and another large pink one.", 'yes'],
    ['It contains more than four hearts.', 'yes'],
    ['All the hearts that are small are pink.', 'no'],
    ['The square lies to the left of the brown hearts.', 'no'],
    ['the only square is a pink one', 'no'],
    ["The heart, well, it's pink.", 'maybe'],
    ['Those pink hearts were drawn by two different people.', 'maybe'],
  ],
  // triangles: large pink, small pink, small green; circles: large yellow, two small yellow, small green
  16: [
    ['Green comes in two shapes here: a circle and a triangle.', 'yes'],
    ['On the right hand side are two pink triangles', 'yes'],
    ["pink circle? nope, there isn't one", 'yes'],
    ['The pink triangles are both small.', 'no'],
    ['You have to look left of the big yellow circle to find the big pink triangle.', 'no'],
    ["There's one triangle at most.", 'no'],
    ['The large yellow circle is hot to the touch.', 'maybe'],
  ],
  // stars: two large blue, small purple, small orange; large triangles, purple and orange
  17: [
    ['one blue star on the far left and another on the far right', 'yes'],
    ['Neither triangle is small.', 'yes'],
    ["Orange isn't just for triangles here; a star is orange as well.", 'yes'],
    ['Blue, purple and orange are all used for stars.', 'yes'],
    ['The purple star beats the purple triangle for size.', 'no'],
    ["There's one orange star and it's below the purple triangle.", 'no'],
    ['No two stars share a colour.', 'no'],
    ['A child coloured in the purple triangle.', 'maybe'],
  ],
  // crosses: small orange, large purple; triangles: small and large purple, small and large orange, small blue
  18: [
    ['There are two crosses, a small orange one and a large purple one.', 'yes'],
    ['Blue shows up just once, on a small triangle.', 'yes'],
    ['The purple cross is bigger than the orange cross is.', 'yes'],
    ['Every triangle here is orange or purple.', 'no'],
    ['The large orange triangle sits in between the two crosses.', 'no'],
    ['more crosses than triangles, I reckon', 'no'],
    ["Right down at the bottom there's a purple cross.", 'no'],
    ['The cross sits higher up than the triangle.', 'maybe'],
    ['The blue triangle is cheaper than the orange cross.', 'maybe'],
  ],
  // a hidden purple thing behind a large green square; a small green circle; a large orange triangle
  19: [
    ['A bit of something purple sticks out behind the green square.', 'yes'],
    ['Beneath the orange triangle is a green circle.', 'yes'],
    ['purple does turn up here', 'yes'],
    ["One green thing is large, the other's small.", 'yes'],
    ['The green circle is larger than the orange triangle is.', 'no'],
    ["it's got a large orange triangle down in the bottom left", 'no'],
    ["whatever is behind the green square, it's small", 'maybe'],
    ["The purple thing's a square too.", 'maybe'],
    ['The green square came from a shop.', 'maybe'],
  ],
  // crosses: large green, large orange, two small orange; triangles: small and large green, small orange
  20: [
    ['Of the four crosses, just one is green.', 'yes'],
    ["There's a star or a green cross in here.", 'yes'],
    ['small crosses? both orange', 'yes'],
    ["Look below the green cross and you'll see a large green triangle.", 'yes'],
    ['a large trinagle in orange', 'no'],
    ['Green triangles number three.', 'no'],
    ["Far over on the left there's a green cross.", 'no'],
    ["The triangle, that's green.", 'maybe'],
    ["Someone's about to erase the green cross.", 'maybe'],
  ],
  // a small brown heart; small squares, orange and brown; a small orange triangle; a large orange star
  21: [
    ["The star's the only large shape there is.", 'yes'],
    ["Between the star and the orange square you'll see a brown square.", 'yes'],
    ['the star? orange, no question', 'yes'],
    ['The heart is orange, just like the star.', 'no'],
    ['Six shapes, and not a circle among them.', 'no'],
    ['The orange square is further right than the heart.', 'no'],
    ["Square's brown", 'maybe'],
    ['The heart used to be bigger.', 'maybe'],
  ],
  // a hidden orange thing behind a large pink square; circles: large red, large pink, small purple
  22: [
    ['Three circles at the very least.', 'yes'],
    ["One circle's red, one's pink and one's purple.", 'yes'],
    ['the purple circle is up in the top right', 'yes'],
    ['The pink shapes are both large.', 'yes'],
    ["The red circle is small but the purple one isn't.", 'no'],
    ["What's poking out from behind the pink square is blue.", 'no'],
    ["It's to the right of the pink square that the red circle lies.", 'no'],
    ["hidden behind the square there's a cross", 'maybe'],
    ['The pink circle is softer than the red one.', 'maybe'],
  ],
  // a hidden purple thing behind a large orange triangle; a small and a large purple square; a small blue heart and star
  23: [
    ['The orange triangle is covering a purple thing.', 'yes'],
    ['a big purple square with a small one to its left', 'yes'],
    ['Purple, blue and orange are the only colours here.', 'yes'],
    ['The blue heart and the blue star are both large.', 'no'],
    ['nothing orange to be seen', 'no'],
    ["The blue star's higher than the blue heart.", 'no'],
    ['The thing the orange triangle covers is large.', 'maybe'],
    ['The blue star is worth ten pounds.', 'maybe'],
  ],
};
