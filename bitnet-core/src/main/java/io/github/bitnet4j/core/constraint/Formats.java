package io.github.bitnet4j.core.constraint;

import java.math.BigInteger;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The values of {@code format} that are enforced. */
final class Formats {
  private static final String DATE =
      "(?:\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
          + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))"
          + "|(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])"
          + "|(?:[02468][048]|[13579][26])00)-02-29)";
  private static final String TIME =
      "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d)";
  private static final String DURATION_TIME =
      "T(?:\\d{1,9}H(?:\\d{1,9}M(?:\\d{1,9}S)?)?|\\d{1,9}M(?:\\d{1,9}S)?|\\d{1,9}S)";
  private static final String DURATION_DATE =
      "(?:\\d{1,9}Y(?:\\d{1,9}M(?:\\d{1,9}D)?)?|\\d{1,9}M(?:\\d{1,9}D)?|\\d{1,9}D)";
  private static final String LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
  private static final String BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  private static final String IPV4 = BYTE + "(?:\\." + BYTE + "){3}";
  private static final String ATOM = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+";
  private static final String MAIL_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
  private static final String URI_CHARACTER = "(?:[a-zA-Z0-9._~!$&'()*+,;=:@/?-]|%[0-9a-fA-F]{2})";

  /**
   * RFC 3339 (without leap seconds), 4122, 5321 (dot-atoms before the at sign), 1123 (names of at
   * most 4 parts), 2673, 4291 (without dots), 3986 (with a host and without user and brackets, or
   * with a path only).
   */
  private static final Map<String, String> TEXTS =
      Map.ofEntries(
          Map.entry("date", DATE),
          Map.entry("time", TIME),
          Map.entry("date-time", DATE + "T" + TIME),
          Map.entry(
              "duration",
              "P(?:%s(?:%s)?|%s|\\d{1,9}W)".formatted(DURATION_DATE, DURATION_TIME, DURATION_TIME)),
          Map.entry("uuid", "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
          Map.entry(
              "email", "%s(?:\\.%s)*@%s(?:\\.%s)+".formatted(ATOM, ATOM, MAIL_LABEL, MAIL_LABEL)),
          Map.entry("hostname", LABEL + "(?:\\." + LABEL + "){0,3}"),
          Map.entry("ipv4", IPV4),
          Map.entry("ipv6", ipv6()),
          Map.entry(
              "uri",
              "[a-zA-Z][a-zA-Z0-9+.-]{0,15}:(?://[a-zA-Z0-9._~-]*(?::\\d{1,5})?(?:[/?]"
                  + URI_CHARACTER
                  + "*)?|[a-zA-Z0-9._~!$&'()*+,;=:@%s]".formatted("-")
                  + URI_CHARACTER
                  + "*)(?:#"
                  + URI_CHARACTER
                  + "*)?"));

  /** Ranges of integers, of OpenAPI's registry of formats; both ends included. */
  private static final Map<String, IntegerRange> INTEGERS =
      Map.of(
          "int8", signed(8),
          "int16", signed(16),
          "int32", signed(32),
          "int64", signed(64),
          "uint8", unsigned(8),
          "uint16", unsigned(16),
          "uint32", unsigned(32),
          "uint64", unsigned(64));

  /** The integers of a format. */
  record IntegerRange(BigInteger low, BigInteger high) {}

  private Formats() {}

  private static IntegerRange signed(int bits) {
    BigInteger end = BigInteger.TWO.pow(bits - 1);
    return new IntegerRange(end.negate(), end.subtract(BigInteger.ONE));
  }

  private static IntegerRange unsigned(int bits) {
    return new IntegerRange(BigInteger.ZERO, BigInteger.TWO.pow(bits).subtract(BigInteger.ONE));
  }

  /** Eight groups, or fewer with one double colon that stands for at least one. */
  private static String ipv6() {
    String group = "[0-9a-fA-F]{1,4}";
    var regex = new StringBuilder("(?:(?:%s:){7}%s".formatted(group, group));
    for (int before = 0; before <= 7; before++) {
      String left = before == 0 ? "" : "%s(?::%s){%d}".formatted(group, group, before - 1);
      String right = before == 7 ? "" : "(?:%s(?::%s){0,%d})?".formatted(group, group, 6 - before);
      regex.append('|').append(left).append("::").append(right);
    }
    return regex.append(')').toString();
  }

  /** Returns whether a format is enforced, for strings or for integers. */
  static boolean isChecked(String format) {
    return TEXTS.containsKey(format) || INTEGERS.containsKey(format);
  }

  /** Returns the expression that a string of a format matches as a whole, null if there is none. */
  static @Nullable String text(String format) {
    return TEXTS.get(format);
  }

  /** Returns the integers of a format, null if it is none of integers. */
  static @Nullable IntegerRange integers(String format) {
    return INTEGERS.get(format);
  }
}
