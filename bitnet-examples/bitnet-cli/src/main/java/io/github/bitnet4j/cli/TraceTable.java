package io.github.bitnet4j.cli;

import io.github.bitnet4j.core.trace.Trace;
import io.github.bitnet4j.core.trace.TraceComparison;
import io.github.bitnet4j.core.trace.TraceStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Lays out a trace: a line for each step, with its shape and its L2 norm at some positions. */
final class TraceTable {
  private static final int ALL_POSITIONS = 8;
  private static final int FIRST_POSITIONS = 4;
  private static final int LAST_POSITIONS = 2;

  private TraceTable() {}

  /** Returns the table, with the distances of a comparison if there is one. */
  static String of(Trace trace, Optional<TraceComparison> comparison) {
    Map<String, TraceComparison.Step> compared =
        comparison.map(TraceComparison::steps).orElse(List.of()).stream()
            .collect(Collectors.toMap(TraceComparison.Step::name, Function.identity()));
    int positions = trace.steps().stream().mapToInt(TraceStep::rows).max().orElse(0);
    List<List<String>> lines = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("step", "shape"));
    columns(positions).forEach(position -> header.add(position < 0 ? "" : "[" + position + "]"));
    if (comparison.isPresent()) {
      header.addAll(List.of("distance", "int8 mismatches"));
    }
    lines.add(header);
    for (TraceStep step : trace.steps()) {
      List<String> line = new ArrayList<>();
      line.add(step.name());
      line.add(step.rows() + "x" + step.columns());
      columns(positions)
          .forEach(
              position ->
                  line.add(
                      position < 0
                          ? "..."
                          : position < step.rows() ? number(step.rowNorm(position)) : "-"));
      TraceComparison.Step distance = compared.get(step.name());
      if (distance != null) {
        line.add(number(distance.relativeL2()));
        line.add(step.isInt8() ? String.valueOf(distance.int8Mismatches()) : "");
        line.add(distance.departs() ? "DEPARTS" : "");
      }
      lines.add(line);
    }
    return TextTable.of(lines, 1);
  }

  /** Returns the positions that have a column; -1 stands for those left out. */
  private static IntStream columns(int positions) {
    return positions <= ALL_POSITIONS
        ? IntStream.range(0, positions)
        : IntStream.concat(
            IntStream.concat(IntStream.range(0, FIRST_POSITIONS), IntStream.of(-1)),
            IntStream.range(positions - LAST_POSITIONS, positions));
  }

  /** Returns a number with four digits. */
  static String number(double value) {
    return String.format(
        Locale.ROOT, value != 0 && Math.abs(value) < 0.01 ? "%.3e" : "%.4g", value);
  }
}
