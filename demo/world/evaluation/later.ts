import type { Phrasings } from './phrasings.ts';

/** Plain and elaborate ones, written after the grammar was last widened, by who never saw it. */
export const LATER: Phrasings = {
  // five hearts: two small orange, two small yellow, a large yellow one at the right; two orange stars, a small one at
  // the left and a large one at the bottom
  200: [
    ['No circles or squares anywhere.', 'yes'],
    ['All of the hearts are the same size.', 'no'],
  ],
  // a small yellow star at the left, a small brown square under it, a small yellow square in the middle, a large brown
  // square at the right, a small brown square above that
  201: [
    ['three brown squares', 'yes'],
    ['Most of the squares are brown.', 'yes'],
    ['The yellow square is between the star and the large brown square.', 'yes'],
    ['the brown squares are made of chocolate', 'maybe'],
  ],
  // three small orange hearts, a small red heart, a large yellow heart; a small red triangle at the right and a small
  // blue one left of the middle
  202: [
    ['One triangle is red and the other one is blue.', 'yes'],
    ['theres only one big thing here', 'yes'],
    ['Neither of the triangles is orange.', 'yes'],
    ['The red triangle is higher up than the red heart.', 'no'],
    ['Somebody cut these hearts out of paper.', 'maybe'],
  ],
  // a large pink cross, a large purple square, a large pink triangle below the square, a small pink heart and a small
  // purple cross at the bottom left
  203: [
    ['The two crosses are different colours.', 'yes'],
    ['Is the triangle under the square?', 'yes'],
    ['is the cross a big one', 'maybe'],
    ['The heart is bigger than the triangle.', 'no'],
  ],
  // a large green triangle at the top, a large green square at the right, a small brown and a small red square at the
  // left
  204: [
    ['a green triangle is at the top', 'yes'],
    ["There's a pair of green squares.", 'no'],
    ['The triangle and the biggest square have the same colour.', 'yes'],
    ['There is another triangle just outside the picture.', 'maybe'],
  ],
  // three small red squares and, lowest, a small blue circle
  205: [
    ['the circle is above all of the squares', 'no'],
    ['You can see one blue circle and three red squares.', 'yes'],
    ['no large shapes in this one', 'yes'],
    ['The circle is heavier than any of the squares.', 'maybe'],
  ],
  // two large brown stars, a large yellow cross at the upper middle, a large brown circle at the bottom left
  206: [
    ['There is just one yellow thing and it is a cross.', 'yes'],
    ['the circle is at the bottom left', 'yes'],
    ['I only see small shapes.', 'no'],
    ['The circle belongs to a child.', 'maybe'],
    ['The stars and the cross share one colour.', 'no'],
    ['there are no more than two stars', 'yes'],
  ],
  // five brown crosses, three large (top middle, bottom left, bottom right) and two small (left and right edge); a small
  // green triangle near the middle
  207: [
    ['five crosses, all brown', 'yes'],
    ['A brown cross lies below the triangle.', 'yes'],
    ['Does the big cross sit in the top part of the picture?', 'maybe'],
    ['the green triangle is somewhere in the middle', 'yes'],
    ['The crosses used to be a different colour.', 'maybe'],
  ],
  // all brown: two large crosses, a small cross, a small square at the left, a small heart at the bottom
  208: [
    ['every single shape here is brown', 'yes'],
    ['There is a heart at the very top.', 'no'],
    ['Only one cross is small.', 'yes'],
    ['square right of the heart?', 'no'],
  ],
  // a small and a large blue triangle, a small yellow triangle, a small brown star left of it and a large yellow star
  // right of it
  209: [
    ['The yellow triangle lies between the two stars.', 'yes'],
    ['Is there a star that is blue?', 'no'],
    ['There is a small brown star, and the blue triangles are not the same size.', 'yes'],
    ['the big blue triangle will fall over soon', 'maybe'],
  ],
  // large orange, blue and brown circles, a small red circle, a small brown triangle at the top; something yellow mostly
  // hidden under the brown circle
  210: [
    ['Something yellow is peeking out from behind the brown circle.', 'yes'],
    ['5 circles in total', 'maybe'],
    ['The red circle is smaller than the orange one.', 'yes'],
    ['There is only one triangle in the picture.', 'maybe'],
    ['I can count seven shapes.', 'no'],
  ],
  // a large green triangle at the top, something purple mostly hidden under it
  211: [
    ['The purple shape is a triangle too.', 'maybe'],
    ['a big green triangle is covering something purple', 'yes'],
    ['There are two things here and neither one is red.', 'yes'],
    ['Is the purple one small?', 'maybe'],
    ['the green triangle is near the bottom edge', 'no'],
    ['there is nothing purple at all', 'no'],
  ],
  // a small pink cross at the left, a small pink star and a small blue star at the right
  212: [
    ['The cross is the same colour as one of the stars.', 'yes'],
    ['The cross is left of both stars.', 'yes'],
    ["There's either a heart or a circle in the picture.", 'no'],
    ['These shapes are printed on a T-shirt.', 'maybe'],
  ],
  // two small red stars, a large yellow star at the bottom, a large red square, a small yellow square at the left, a small
  // pink triangle at the right edge
  213: [
    ['Is the pink triangle further left than the large star?', 'no'],
    ['The pink triangle is worth more than the rest.', 'maybe'],
  ],
  // a small green heart at the top left, a small green cross at the left below it, a large brown cross at the right with
  // something pink mostly hidden under it
  214: [
    ["there's a triangle hiding behind the brown cross", 'maybe'],
    ['Apart from the brown cross, all the shapes are small.', 'maybe'],
    ['The green heart and the green cross are both small.', 'yes'],
    ['the green cross is the largest thing', 'no'],
    ['Pink is the only colour you see here.', 'no'],
    ['Only two crosses, right?', 'maybe'],
    ['green heart is in the bottom right corner', 'no'],
  ],
  // two small green circles, a large green circle at the right, a large blue circle at the bottom left; a large blue
  // triangle above a small blue star above a small green triangle
  215: [
    ['There are the same number of blue and green shapes.', 'no'],
    ['the star is between the two triangles', 'yes'],
    ['At most three circles are green.', 'yes'],
    ['no blue star here', 'no'],
    ['The blue triangle was moved there from somewhere else.', 'maybe'],
    ['Is the blue circle on the right?', 'no'],
  ],
};
