package io.github.bitnet4j.tokenizer.template;

import java.time.DayOfWeek;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.Locale;

/**
 * Python's {@code datetime.now().strftime} on Linux: the directives of the C library in the locale
 * C, with its flags ({@code - _ 0 ^ #}) and widths. A time without a zone writes nothing for {@code
 * %z} and {@code %Z}. What is no directive is written as it is.
 */
final class Strftime {
  private static final int MAX_WIDTH = 1000;

  private final Meter meter;
  private final ZonedDateTime time;
  private final StringBuilder out = new StringBuilder();

  Strftime(Meter meter, ZonedDateTime time) {
    this.meter = meter;
    this.time = time;
  }

  String format(String format) {
    for (int i = 0; i < format.length(); i++) {
      if (format.charAt(i) != '%' || i + 1 == format.length()) {
        out.append(format.charAt(i));
      } else {
        i = directive(format, i);
      }
      meter.charge(1);
    }
    meter.chargeText(out.length());
    return out.toString();
  }

  /** Writes the directive that starts at {@code start} and returns the index of its last letter. */
  private int directive(String format, int start) {
    int at = start + 1;
    char flag = 0;
    boolean upper = false;
    while (at < format.length() && "-_0^#".indexOf(format.charAt(at)) >= 0) {
      char c = format.charAt(at++);
      upper |= c == '^' || c == '#';
      flag = c == '^' || c == '#' ? flag : c;
    }
    int width = 0;
    while (at < format.length() && Character.digit(format.charAt(at), 10) >= 0) {
      width = Math.min(MAX_WIDTH, width * 10 + Character.digit(format.charAt(at++), 10));
    }
    if (at < format.length() && (format.charAt(at) == 'E' || format.charAt(at) == 'O')) {
      at++;
    }
    if (at == format.length()) {
      out.append(format, start, at);
      return at - 1;
    }
    int begin = out.length();
    char letter = format.charAt(at);
    if (!number(letter, flag, width) && !text(letter, flag, width)) {
      out.append(format, start, at + 1);
    } else if (upper) {
      String written = out.substring(begin);
      boolean lower = format.charAt(at) == 'p' && format.substring(start, at).indexOf('#') >= 0;
      out.replace(
          begin, out.length(), lower ? PythonText.lower(written) : PythonText.upper(written));
    }
    return at;
  }

  /** Writes a directive that is a number; returns false if it is none. */
  private boolean number(char letter, char flag, int width) {
    int twelve = time.getHour() % 12 == 0 ? 12 : time.getHour() % 12;
    int weekday = time.getDayOfWeek().getValue();
    int dayOfYear = time.getDayOfYear();
    return switch (letter) {
      case 'C' -> padded(time.getYear() / 100, 2, '0', flag, width);
      case 'd' -> padded(time.getDayOfMonth(), 2, '0', flag, width);
      case 'e' -> padded(time.getDayOfMonth(), 2, '_', flag, width);
      case 'f' -> padded(time.getNano() / 1000, 6, '0', (char) 0, 0);
      case 'g' -> padded(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0', flag, width);
      case 'G' -> padded(time.get(IsoFields.WEEK_BASED_YEAR), 1, '0', flag, width);
      case 'H' -> padded(time.getHour(), 2, '0', flag, width);
      case 'I' -> padded(twelve, 2, '0', flag, width);
      case 'j' -> padded(dayOfYear, 3, '0', flag, width);
      case 'k' -> padded(time.getHour(), 2, '_', flag, width);
      case 'l' -> padded(twelve, 2, '_', flag, width);
      case 'm' -> padded(time.getMonthValue(), 2, '0', flag, width);
      case 'M' -> padded(time.getMinute(), 2, '0', flag, width);
      case 's' -> padded(time.toEpochSecond(), 1, '0', flag, width);
      case 'S' -> padded(time.getSecond(), 2, '0', flag, width);
      case 'u' -> padded(weekday, 1, '0', flag, width);
      case 'U' -> padded((dayOfYear + 6 - weekday % 7) / 7, 2, '0', flag, width);
      case 'V' -> padded(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0', flag, width);
      case 'w' -> padded(weekday % 7, 1, '0', flag, width);
      case 'W' -> padded((dayOfYear + 6 - (weekday - 1)) / 7, 2, '0', flag, width);
      case 'y' -> padded(time.getYear() % 100, 2, '0', flag, width);
      case 'Y' -> padded(time.getYear(), 1, '0', flag, width);
      default -> false;
    };
  }

  private boolean padded(long value, int digits, char padding, char flag, int width) {
    String number = Long.toString(value);
    char fill = flag == 0 ? padding : flag;
    int length = width > 0 ? width : fill == '-' ? 0 : digits;
    out.repeat(fill == '0' ? '0' : ' ', Math.max(0, length - number.length())).append(number);
    return true;
  }

  /** Writes a directive that is text; returns false if it is none. */
  private boolean text(char letter, char flag, int width) {
    DayOfWeek day = time.getDayOfWeek();
    String text =
        switch (letter) {
          case 'a' -> day.getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
          case 'A' -> day.getDisplayName(TextStyle.FULL, Locale.ENGLISH);
          case 'b', 'h' -> monthName().substring(0, 3);
          case 'B' -> monthName();
          case 'c' -> composed("%a %b %e %H:%M:%S %Y");
          case 'D', 'x' -> composed("%m/%d/%y");
          case 'F' -> composed("%Y-%m-%d");
          case 'n' -> "\n";
          case 'p' -> time.getHour() < 12 ? "AM" : "PM";
          case 'P' -> time.getHour() < 12 ? "am" : "pm";
          case 'r' -> composed("%I:%M:%S %p");
          case 'R' -> composed("%H:%M");
          case 't' -> "\t";
          case 'T', 'X' -> composed("%H:%M:%S");
          case 'z', 'Z' -> "";
          case '%' -> "%";
          default -> null;
        };
    if (text != null) {
      boolean fills = letter != 'z' && letter != 'Z' && flag != '-';
      char fill = flag == '0' ? '0' : ' ';
      out.repeat(fill, fills ? Math.max(0, width - text.length()) : 0).append(text);
    }
    return text != null;
  }

  private String monthName() {
    return time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
  }

  private String composed(String format) {
    return new Strftime(meter, time).format(format);
  }
}
