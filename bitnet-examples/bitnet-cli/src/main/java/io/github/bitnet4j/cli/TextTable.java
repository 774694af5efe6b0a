package io.github.bitnet4j.cli;

import java.util.List;

/** Lays out lines of cells in columns. */
final class TextTable {
  private TextTable() {}

  /**
   * Returns the table.
   *
   * @param names number of columns that hold names and go to the left; numbers go to the right
   */
  static String of(List<List<String>> lines, int names) {
    int columns = lines.stream().mapToInt(List::size).max().orElse(0);
    int[] widths = new int[columns];
    for (List<String> line : lines) {
      for (int i = 0; i < line.size(); i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder table = new StringBuilder();
    for (List<String> line : lines) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < line.size(); i++) {
        String padding = " ".repeat(widths[i] - line.get(i).length());
        text.append(i == 0 ? "" : "  ")
            .append(i < names ? line.get(i) + padding : padding + line.get(i));
      }
      table.append(text.toString().stripTrailing()).append(System.lineSeparator());
    }
    return table.toString();
  }
}
