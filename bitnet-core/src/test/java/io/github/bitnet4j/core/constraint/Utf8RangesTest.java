package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bitnet4j.core.constraint.CodePoints.Range;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8RangesTest {
  private static final int[] EDGES = {
    0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFF, 0x10000,
    0x3FFFF, 0x40000, 0xFFFFF, 0x100000, 0x10FFFF
  };

  private static Automaton automaton(CodePoints set) {
    Grammar grammar = new Grammar(List.of("set"), List.of(Utf8Ranges.of(set)));
    return new Automaton(
        GrammarCompiler.compile(grammar, Budgets.compiling()), false, Budgets.token());
  }

  private static boolean accepts(Automaton automaton, byte[] bytes) {
    State state = automaton.start();
    for (byte b : bytes) {
      automaton.allowWork(Budgets.token());
      state = automaton.step(state, b & 0xFF);
    }
    return state.complete;
  }

  @Test
  void acceptsTheCharactersOfASet() {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      List<Range> ranges = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int a = codePoint(random);
        int b = random.nextBoolean() ? a + random.nextInt(70) : codePoint(random);
        ranges.add(new Range(Math.min(a, b), Math.min(Math.max(a, b), 0x10FFFF)));
      }
      CodePoints set =
          random.nextBoolean() ? CodePoints.of(ranges) : CodePoints.of(ranges).complement();
      if (set.isEmpty()) {
        continue;
      }
      Automaton automaton = automaton(set);
      for (int i = 0; i < 500; i++) {
        int c = codePoint(random);
        if (c < 0xD800 || c > 0xDFFF) {
          boolean expected = set.contains(c);
          assertThat(accepts(automaton, Character.toString(c).getBytes(StandardCharsets.UTF_8)))
              .as("seed %d: U+%04X in %s", seed, c, set)
              .isEqualTo(expected);
        }
      }
    }
  }

  private static int codePoint(Random random) {
    return random.nextBoolean()
        ? Math.clamp(EDGES[random.nextInt(EDGES.length)] + random.nextInt(5) - 2, 0, 0x10FFFF)
        : random.nextInt(0x110000) >> random.nextInt(15);
  }

  @Test
  void acceptsNothingButUtf8() {
    Automaton automaton = automaton(CodePoints.ALL);
    Random random = new Random(1);
    for (int i = 0; i < 30_000; i++) {
      byte[] bytes = new byte[1 + random.nextInt(4)];
      random.nextBytes(bytes);
      for (int j = 1; j < bytes.length; j++) {
        bytes[j] = (byte) (random.nextInt(8) == 0 ? bytes[j] : 0x80 | bytes[j] & 0x3F);
      }
      assertThat(accepts(automaton, bytes)).isEqualTo(isOneCharacter(bytes));
    }
  }

  private static boolean isOneCharacter(byte[] bytes) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.codePointCount(0, text.length()) == 1;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  @Test
  void setsAreSetsOfScalarValues() {
    assertThat(CodePoints.ALL.complement().isEmpty()).isTrue();
    assertThat(CodePoints.range(0xD000, 0xE000).contains(0xD800)).isFalse();
    assertThat(CodePoints.range('a', 'z').minus(CodePoints.of('b', 'y')).ranges())
        .containsExactly(new Range('a', 'a'), new Range('c', 'x'), new Range('z', 'z'));
  }
}
