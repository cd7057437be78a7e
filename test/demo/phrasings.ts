import type { Answer } from '../../model/demo/world/claims.ts';

/** Seed of the first picture; each of the others has the next one. */
export const FIRST_SEED = 2_000_000;

/**
 * Sentences written by hand while looking at the pictures, in words and constructions of people's own; none of them was
 * made by the grammar. Each list belongs to the held-out picture of FIRST_SEED plus its key.
 */
export const PHRASINGS: Readonly<Record<number, readonly (readonly [string, Answer])[]>> = {
  // A purple square; a red, an orange and a purple star; all small.
  0: [
    ['Three of these shapes are stars.', 'yes'],
    ["I can't find a circle anywhere in this one.", 'yes'],
    ['The only square in the picture is purple.', 'yes'],
    ['THE STAR IS RED', 'maybe'],
    ['every last star here is red', 'no'],
    ['The red star sits lower than the orange star.', 'yes'],
    ['There happens to be a green star in there.', 'no'],
    ['The square was a birthday present.', 'maybe'],
  ],
  // Three orange triangles, a purple one, three orange crosses, one of them large.
  1: [
    ['Most certainly there is a purple triangle.', 'yes'],
    ['I see exactly four triangles, no more and no less.', 'yes'],
    ['All the crosses have the same orange color.', 'yes'],
    ['there are no hearts whatsoever', 'yes'],
    ['The picture has more crosses than triangles in it.', 'no'],
    ['a big purple triangle can be made out', 'no'],
    ['The large cross is orange, isnt it', 'yes'],
    ['The orange triangle is above the purple triangle.', 'maybe'],
  ],
  // A large blue star, a yellow circle, two blue squares, a blue circle, a large yellow star, a yellow square.
  2: [
    ['Blue and yellow stars are both in the picture.', 'yes'],
    ['Not one red thing is to be seen.', 'yes'],
    ['the square is blue', 'maybe'],
    ['The yellow star is to the left of the blue star.', 'yes'],
    ['Two stars and three squares are shown here.', 'yes'],
    ['There are just two circles: a yellow one and a blue one.', 'yes'],
    ['Both of the stars are tiny.', 'no'],
    ['You will find at least four blue shapes.', 'yes'],
  ],
  // An orange thing peeps out from behind a large pink circle; an orange, a yellow and a pink square.
  3: [
    ['What is behind the pink circle is orange.', 'yes'],
    ['The thing hiding behind the circle is a triangle.', 'maybe'],
    ['Something orange is partly hidden by the pink circle.', 'yes'],
    ['there is an orange square somewhere', 'yes'],
    ['There must be a blue star.', 'no'],
    ['The circle is a large one and it is pink.', 'yes'],
    ['the yellow square lies beneath the orange square', 'yes'],
    ['i can see a heart', 'maybe'],
  ],
  // Two large green triangles, a large orange one, two small blue ones, a small green square.
  4: [
    ['Five triangles and one square.', 'yes'],
    ['Each of the blue triangles is small.', 'yes'],
    ['The square has the same colour as a large triangle, green.', 'yes'],
    ['Is any triangle red?', 'no'],
    ['the number of green things is 3', 'yes'],
    ['The orange triangle can be found over the green square.', 'yes'],
    ['There are fewer blue triangles than green things.', 'yes'],
    ['circles are nowhere in this picture', 'yes'],
  ],
  // Two brown stars, two purple stars, a large purple square, two small brown squares.
  5: [
    ['Everything is either brown or purple.', 'yes'],
    ['We have got four stars and three squares.', 'yes'],
    ['There are as many purple stars as brown stars.', 'yes'],
    ['the big square is brown', 'no'],
    ['A small square is purple.', 'no'],
    ['The purple square was drawn by my brother.', 'maybe'],
    ['The picture shows no cross and no heart.', 'yes'],
    ['there are over five stars', 'no'],
  ],
  // A large and a small blue triangle, a green triangle, two green and two blue stars.
  6: [
    ['Only triangles and stars appear.', 'yes'],
    ['stars: four of them', 'yes'],
    ['At least three of the shapes are green.', 'yes'],
    ['The green triangle is big.', 'no'],
    ['The triangle is green.', 'maybe'],
    ['There is no big star.', 'yes'],
    ['I count more blue shapes than green shapes.', 'yes'],
  ],
  // A large brown star, a small purple one; a blue, a green and three pink circles.
  7: [
    ['five discs are visible, three of them pink', 'yes'],
    ['The pink circle is left of the blue circle.', 'maybe'],
    ['The blue circle is higher than the brown star.', 'yes'],
    ['There is one brown thing, and it is a star.', 'yes'],
    ['None of the balls is yellow.', 'yes'],
    ['The stars are both brown.', 'no'],
    ['A green circle and a blue circle exist.', 'yes'],
    ['the brown star is little', 'no'],
  ],
  // A red and a purple triangle, both small.
  8: [
    ['I see nothing but triangles.', 'yes'],
    ['There are only two objects in the whole picture.', 'yes'],
    ['The purple triangle is over the red one.', 'yes'],
    ['the red triangle is above the purple triangle', 'no'],
    ['there is a circle, or else there is a triangle', 'yes'],
    ['A star can be seen, but no triangle.', 'no'],
    ['The red triangle feels smooth.', 'maybe'],
    ['one triangle is blue', 'no'],
  ],
  // A large brown heart, two yellow stars, a yellow and a pink heart.
  9: [
    ['Three hearts, two stars.', 'yes'],
    ['The biggest heart is brown.', 'yes'],
    ['Both stars are yellow in color.', 'yes'],
    ['The heart is yellow.', 'maybe'],
    ['A pink heart is located underneath a yellow heart.', 'yes'],
    ['You can see as many hearts as stars.', 'no'],
    ['The hearts are all pink.', 'no'],
    ['there is neither a square nor a circle to be found', 'yes'],
  ],
  // A pink heart and a yellow star, both small.
  10: [
    ['The star is to the left of the heart.', 'yes'],
    ['The heart is above the star.', 'no'],
    ["There's a yellow star, and there's also a pink heart.", 'yes'],
    ["It's a yellow heart.", 'no'],
    ['no shape in this picture is large', 'yes'],
    ['The star costs ten dollars.', 'maybe'],
    ['There are more than three things here.', 'no'],
    ['teh star is yelow', 'yes'],
  ],
  // A yellow, a large red and a brown heart; a large orange and a large red triangle; a large blue and a red circle.
  11: [
    ['The blue circle is a big one.', 'yes'],
    ['there are three red things', 'yes'],
    ['Two circles, two triangles and three hearts are drawn here.', 'yes'],
    ['The large heart is brown.', 'no'],
    ['Below the orange triangle lies the blue circle.', 'yes'],
    ['The circle is blue.', 'maybe'],
    ['All triangles are large.', 'yes'],
    ['not every heart is red', 'yes'],
  ],
  // A large blue, a green and a blue triangle; an orange, a large green, a green and a blue square.
  12: [
    ['Four squares are present.', 'yes'],
    ['The orange square is small, and the biggest triangle is blue.', 'yes'],
    ['No circle, no star, no heart.', 'yes'],
    ['the green triangle is beneath the large blue triangle', 'yes'],
    ['The picture contains exactly one orange thing.', 'yes'],
    ['There are fewer triangles than squares.', 'yes'],
    ['Somewhere in the picture there must be a purple square.', 'no'],
  ],
  // A pink heart, a blue and a pink cross, all small.
  13: [
    ['One of the two crosses is blue.', 'yes'],
    ['the cross is pink', 'maybe'],
    ['Two pink things can be spotted.', 'yes'],
    ['A blue heart is what I see.', 'no'],
    ['The blue cross lies below everything pink.', 'yes'],
    ['The pink plus is lower than the heart.', 'yes'],
    ['At most two objects are in the image.', 'no'],
  ],
  // Two large and two small pink hearts, a large and a small brown heart, a brown square.
  14: [
    ['Six hearts are in this image.', 'yes'],
    ['All of the pink things are hearts.', 'yes'],
    ['All the brown things are hearts.', 'no'],
    ['The heart is brown.', 'maybe'],
    ['There is a single square and it is brown.', 'yes'],
    ['pink hearts outnumber brown hearts', 'yes'],
    ['Not a single star, circle or triangle.', 'yes'],
  ],
  // Two large yellow stars, a small blue triangle.
  15: [
    ['Both of the big things are stars.', 'yes'],
    ['Each star is yellow and each star is big.', 'yes'],
    ['the star is over the triangle', 'yes'],
    ['is one of the triangles yellow?', 'no'],
    ['There are not more than two yellow things.', 'yes'],
    ['One star is red.', 'no'],
    ['The star is left of the triangle.', 'no'],
    ['The triangle fell from the sky.', 'maybe'],
  ],
  // A large and a small pink triangle, a green one; a large and two small yellow circles, a green circle.
  16: [
    ['The yellow circle is large.', 'maybe'],
    ['Four circles against three triangles.', 'yes'],
    ['One triangle is green and the others are pink.', 'yes'],
    ['The green circle is over the green triangle.', 'no'],
    ['there are more circles than there are triangles in this picture', 'yes'],
    ['Every square is blue or there is a green circle.', 'yes'],
    ['the big triangle is pink', 'yes'],
  ],
  // Two large blue stars, a purple and an orange star, a large purple and a large orange triangle.
  17: [
    ['Both blue stars are big.', 'yes'],
    ['The purple star is smaller than you think, it is small.', 'yes'],
    ['A triangle is orange.', 'yes'],
    ['The purple triangle is left of the purple star.', 'yes'],
    ['The orange star is made from gold.', 'maybe'],
    ['I can make out precisely two triangles.', 'yes'],
    ['the triangle is purple', 'maybe'],
  ],
  // An orange and a large purple cross; two purple triangles (one large), two orange ones (one large), a blue one.
  18: [
    ['The blue triangle is small.', 'yes'],
    ['the crosses are purple and orange', 'yes'],
    ['There are a total of 7 objects.', 'yes'],
    ['The big cross is orange.', 'no'],
    ['It is not the case that there is a red triangle.', 'yes'],
    ['Triangles are more common than crosses here.', 'yes'],
    ['The orange cross can be found below the large orange triangle.', 'no'],
  ],
  // A purple thing peeps out from behind a large green square; a green circle, a large orange triangle.
  19: [
    ['The triangle is orange and large.', 'yes'],
    ['There is something purple behind the square.', 'yes'],
    ['the hidden thing is a square', 'maybe'],
    ['The hidden thing is green.', 'no'],
    ['The green circle is right of the green square.', 'yes'],
    ['Two of the things are green.', 'yes'],
    ['I see two circles.', 'maybe'],
  ],
  // A large green, two small and a large orange cross; a small and a large green, a small orange triangle.
  20: [
    ['Four crosses are depicted.', 'yes'],
    ['The green cross is a large one.', 'yes'],
    ['There is no purple shape at all.', 'yes'],
    ['The green triangle is small.', 'maybe'],
    ['Among the crosses there are three orange ones.', 'yes'],
    ['no triangle is orange', 'no'],
  ],
  // A brown heart and square, an orange square and triangle, all small; a large orange star.
  21: [
    ['The only large object is a star.', 'yes'],
    ['A brown heart but no brown star.', 'yes'],
    ['Either a circle or a star is shown.', 'yes'],
    ['The star will fall down tomorrow.', 'maybe'],
    ['the orange square is to the right of the brown heart', 'no'],
    ['there are 3 orange shapes', 'yes'],
  ],
};
