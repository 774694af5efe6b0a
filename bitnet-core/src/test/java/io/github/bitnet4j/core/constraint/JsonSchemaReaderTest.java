package io.github.bitnet4j.core.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.bitnet4j.OutputConstraintException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonSchemaReaderTest {
  /** A single quote stands for a double one. */
  private static String json(String text) {
    return text.replace('\'', '"');
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "{} ; {'a': [1, -0.5e+3, true, null, {}], 'b': ''} ; {'a' 1}",
        "true ; 'x' ; x",
        "{'type': 'object'} ; {'a':1} ; [1]",
        "{'type': ['integer', 'null']} ; null ; 1.0",
        "{'minimum': 3} ; 3.5 ; 2",
        "{'type': 'integer', 'exclusiveMinimum': 3, 'maximum': 12} ; 12 ; 3",
        "{'type': 'number', 'minimum': 0.5, 'exclusiveMaximum': 1} ; 0.75 ; 1.0",
        "{'type': 'number', 'minimum': 1, 'exclusiveMinimum': 1} ; 1.01 ; 1",
        "{'enum': [1, 'a', null, [1, {'b': 2}]]} ; [1, {'b':2}] ; 2",
        "{'enum': [1, 'a', 2.5], 'type': ['string', 'integer']} ; 'a' ; 2.5",
        "{'const': 'q\\'\\\\\\n\u00E9'} ; 'q\\'\\\\\\n\u00E9' ; 'q'",
        "{'type': 'string', 'minLength': 2, 'maxLength': 3} ; '\u4F60\\u00e9\uD83D\uDE00' ; 'a'",
        "{'type': 'string', 'maxLength': 1} ; '\\ud83d\\ude00' ; 'ab'",
        "{'type': 'string'} ; '\\/\\b\\f\\n\\r\\t' ; '\\ud83d'",
        "{'type': 'string', 'pattern': '^a+$'} ; 'aa' ; 'ab'",
        "{'type': 'string', 'pattern': 'a|^b'} ; 'xa\\n' ; 'xb'",
        "{'type': 'string', 'pattern': '^[\\'\\\\\\\\]+$'} ; '\\'\\\\' ; 'x'",
        "{'type': 'string', 'format': 'date'} ; '2024-02-29' ; '2023-02-29'",
        "{'type': 'string', 'format': 'date'} ; '1999-12-31' ; '1999-04-31'",
        "{'type': 'string', 'format': 'time'} ; '23:59:59.5+01:00' ; '24:00:00Z'",
        "{'type': 'string', 'format': 'date-time'} ; '2026-01-31T00:00:00Z' ; '2026-01-31'",
        "{'format': 'uuid'} ; '01234567-89ab-cdef-0123-456789ABCDEF' ; '01234567'",
        "{'properties': {'a': {'type': 'null'}, 'b': {}}} ; {'b':1} ; {'c':1}",
        "{'properties': {'a': true, 'b': true}} ; {'a':1, 'b':2} ; {'b':1, 'a':2}",
        "{'properties': {'a': true, 'b': true}, 'required': ['b']} ; {'b':1} ; {'a':1}",
        "{'properties': {'a': true}, 'required': ['z']} ; {'a':1, 'z':2} ; {'a':1}",
        "{'properties': {'a': true}, 'additionalProperties': {'type': 'null'}} ;"
            + " {'a':1,'ab':null,'':null} ; {'a':1,'a':null}",
        "{'properties': {'a': true}, 'additionalProperties': false} ; {} ; {'b':1}",
        "{'additionalProperties': {'type': 'boolean'}} ; {'x':true} ; {'x':1}",
        "{'type': 'array', 'items': {'type': 'null'}, 'minItems': 1, 'maxItems': 2} ; [null, null]"
            + " ; []",
        "{'items': false} ; [] ; [1]",
        "{'prefixItems': [{'type': 'null'}, {'const': 1}]} ; [null,1] ; [1]",
        "{'prefixItems': [{'const': 1}, {'const': 2}], 'items': {'const': 3}, 'minItems': 1} ;"
            + " [1,2,3,3] ; [1,3]",
        "{'prefixItems': [{'const': 1}, {'const': 2}], 'items': {'const': 3}, 'minItems': 4} ;"
            + " [1,2,3,3] ; [1,2,3]",
        "{'prefixItems': [{'const': 1}, {'const': 2}], 'maxItems': 1} ; [1] ; [1,2]",
        "{'anyOf': [{'type': 'null'}, {'type': 'string', 'maxLength': 1}]} ; 'a' ; 'ab'",
        "{'type': 'integer', 'anyOf': [{'maximum': 3}, {'minimum': 8}]} ; 8 ; 5",
        "{'oneOf': [{'type': 'string'}, {'const': 5}, {'type': 'array'}]} ; 5 ; 6",
        "{'allOf': [{'properties': {'a': {'minimum': 1}}}, {'properties': {'a': {'maximum': 2}},"
            + " 'required': ['a']}]} ; {'a':2} ; {'a':3}",
        "{'allOf': [{'type': ['string', 'number']}, {'type': ['integer', 'null']}]} ; 3 ; 3.5",
        "{'allOf': [{'enum': [1, 2, 3]}, {'enum': [3.0, 4]}]} ; 3 ; 4",
        "{'$ref': '#/$defs/a~1b%25', '$defs': {'a/b%': {'const': 1}}} ; 1 ; 2",
        "{'$ref': '#/$defs/a', 'maximum': 5, '$defs': {'a': {'type': 'integer', 'minimum': 3}}} ; 4"
            + " ; 6",
        "{'$ref': '#/definitions/0/x', 'definitions': [{'x': {'type': 'null'}}]} ; null ; 1",
        "{'patternProperties': {'^S_': {'type': 'string'}}, 'additionalProperties': false} ;"
            + " {'S_x':'a','S_':'b'} ; {'T':'a'}",
        "{'properties': {'aa': {'type': 'null'}}, 'patternProperties': {'^a': {'type': ['null',"
            + " 'integer']}, 'b$': {'maximum': 3}}, 'additionalProperties': {'type': 'boolean'}} ;"
            + " {'aa':null,'ab':3,'a':4,'x':true} ; {'ab':4}",
        "{'propertyNames': {'pattern': '^[a-c]$'}, 'additionalProperties': {'type': 'null'}} ;"
            + " {'a':null} ; {'d':null}",
        "{'minProperties': 1, 'maxProperties': 2, 'properties': {'a': {}, 'b': {}, 'c': {}}} ;"
            + " {'a':1,'c':2} ; {'a':1,'b':2,'c':3}",
        "{'minProperties': 1, 'properties': {'a': {}, 'b': {}, 'c': {}}} ; {'b':1} ; {}",
        "{'minProperties': 1, 'maxProperties': 3, 'additionalProperties': {'type': 'integer'}} ;"
            + " {'a':1,'c':2,'d':3} ; {}",
        "{'maxProperties': 1, 'additionalProperties': {'type': 'integer'}} ; {'a':1} ;"
            + " {'a':1,'b':2}",
        "{'items': {'enum': ['a', 'b', 'c']}, 'uniqueItems': true} ; ['c','a','b'] ; ['a','a']",
        "{'items': {'enum': [1, 2, 3, 4, 5, 6, 7, 8, 9]}, 'uniqueItems': true, 'minItems': 2} ;"
            + " [1, 9] ; [9, 9]",
        "{'items': {'type': ['boolean', 'null']}, 'uniqueItems': true, 'maxItems': 2} ; [true,null]"
            + " ; [true,true]",
        "{'contains': {'const': 7}, 'items': {'type': 'integer'}} ; [7,1] ; [1]",
        "{'type': 'array', 'contains': {'const': 7}, 'maxContains': 1} ; [7,1] ; [7,7]",
        "{'items': [{'type': 'null'}], 'additionalItems': {'type': 'integer'}} ; [null,1] ; [1]",
        "{'type': 'string', 'minLength': 3, 'maxLength': 8, 'pattern': '^[a-z0-9-]+$'} ; 'a-1' ;"
            + " 'ab'",
        "{'type': 'string', 'maxLength': 3, 'pattern': 'a.*b|^c'} ; 'axb' ; 'axxb'",
        "{'type': 'string', 'minLength': 4, 'pattern': '^a+b+$'} ; 'aabb' ; 'ab'",
        "{'allOf': [{'pattern': '^a'}, {'pattern': 'b$'}]} ; 'ab' ; 'a'",
        "{'pattern': '(^$)|(^[A-Z]{2}$)|(^\\\\*+$)'} ; 'AB' ; 'ABC'",
        "{'pattern': '^(?!aws:).+'} ; 'x:aws:' ; 'aws:x'",
        "{'pattern': '^[\\\\w-\\\\.]+$'} ; 'a-.b' ; 'a b'",
        "{'pattern': '^\\\\p{Lu}\\\\p{Script=Greek}{x}$'} ; '\u00C9\u03B1{x}' ; 'a\u03B1{x}'",
        "{'format': 'email'} ; 'a.b@example.org' ; 'a@'",
        "{'format': 'ipv4'} ; '192.168.0.1' ; '192.168.0.256'",
        "{'format': 'ipv6'} ; '2001:db8::1' ; '2001:db8::1::2'",
        "{'format': 'hostname'} ; 'www.example.org' ; '-a'",
        "{'format': 'uri'} ; 'https://example.org:8080/a%20b?c=d#e' ; 'a b'",
        "{'format': 'uri'} ; 'mailto:someone@example.org' ; 'mailto'",
        "{'format': 'duration'} ; 'P1DT2H' ; 'P'",
        "{'type': 'string', 'format': 'unheard-of', 'maxLength': 2} ; 'ab' ; 'abc'",
        "{'type': 'string', 'format': 'uri', 'minLength': 1, 'maxLength': 2083} ; 'https://a.b/c' ;"
            + " ''",
        "{'type': 'integer'} ; -9223372036854775808 ; 9223372036854775808",
        "{'type': 'integer', 'minimum': 9223372036854775808} ; 9223372036854775809 ; 1",
        "{'type': 'integer', 'format': 'int32'} ; 2147483647 ; 2147483648",
        "{'type': 'integer', 'format': 'uint32'} ; 4294967295 ; -1",
        "{'type': 'number'} ; 123456.789e-3 ; 0.123456789012345678",
        "{'type': 'integer', 'multipleOf': 12} ; -144 ; 145",
        "{'multipleOf': 0.25, 'maximum': 2} ; 1.750 ; 1.7",
        "{'minimum': 1, 'exclusiveMinimum': true} ; 2 ; 1",
        "{'not': {'type': ['string', 'null', 'array', 'number', 'boolean']}} ; {} ; 1",
        "{'type': 'string', 'not': {'enum': ['a', 'bc']}} ; 'b' ; 'bc'",
        "{'type': 'integer', 'not': {'const': 7}, 'minimum': 5} ; 8 ; 7",
        "{'properties': {'a': {}, 'b': {}}, 'not': {'required': ['a']}} ; {'b':1} ; {'a':1}",
        "{'enum': [1, 2, 30], 'not': {'minimum': 20}} ; 2 ; 30",
        "{'enum': ['a', 'bc', 3], 'minLength': 2} ; 3 ; 'a'",
        "{'properties': {'a': {}, 'b': {}}, 'oneOf': [{'required': ['a']}, {'required': ['b']}]} ;"
            + " {'b':1} ; {'a':1,'b':1}",
        "{'oneOf': [{'type': 'integer'}, {'type': 'number', 'minimum': 3}]} ; 3.5 ; 4.0",
        "{'oneOf': [{'type': 'integer', 'minimum': 0}, {'multipleOf': 2, 'maximum': 9}]} ; 3 ; 4",
        "{'oneOf': [{'enum': [1, 2]}, {'enum': [2, 3]}, {'type': 'string'}]} ; 3 ; 2",
        "{'oneOf': [{'pattern': '^a', 'type': 'string'}, {'pattern': 'b$'}]} ; 'a' ; 'ab'",
        "{'type': 'integer', 'anyOf': [{'maximum': 3}, {'minimum': 8}], 'oneOf': [{'minimum': 9},"
            + " {'maximum': 8}]} ; 9 ; 5",
        "{'properties': {'a': {}, 'b': {}}, 'dependentRequired': {'a': ['b']}} ; {'a':1,'b':2} ;"
            + " {'a':1}",
        "{'properties': {'a': {}, 'b': {'type': 'integer'}}, 'dependencies': {'a': {'properties':"
            + " {'b': {'minimum': 5}}}}} ; {'a':1,'b':5} ; {'a':1,'b':4}",
        "{'type': 'object', 'properties': {'k': {'enum': ['x', 'y']}, 'v': {}}, 'required': ['k',"
            + " 'v'], 'if': {'properties': {'k': {'const': 'x'}}}, 'then': {'properties': {'v':"
            + " {'type': 'integer'}}}, 'else': {'properties': {'v': {'type': 'null'}}}} ;"
            + " {'k':'y','v':null} ; {'k':'x','v':null}",
        "{'allOf': [{'properties': {'a': {'type': 'integer'}}, 'additionalProperties': false},"
            + " {'properties': {'a': {}, 'b': {}}}]} ; {'a':1} ; {'a':1,'b':1}",
        "{'allOf': [{'pattern': 'a'}, {'pattern': 'b'}], 'properties': {}} ; 'ab' ; 'a'",
        "{'$ref': '#name', '$defs': {'x': {'$anchor': 'name', 'const': 1}}} ; 1 ; 2",
        "{'$ref': 'item.json', 'definitions': {'x': {'id': 'item.json', 'type': 'null'}}} ; null ;"
            + " 2",
        "{'nullable': true, 'x-order': 3, 'id': 'x', 'type': 'null', 'discriminator': {'a': 1}} ;"
            + " null ; 1",
        "{'title': 'T', 'description': 'D', 'default': 1, 'examples': [1], '$schema': 's', '$id':"
            + " 'i', '$comment': 'c', 'type': 'null', 'deprecated': true, 'uniqueItems': false} ;"
            + " null ; 1",
      })
  void acceptsAndRefuses(String schema, String valid, String invalid) {
    Texts texts = Texts.schema(json(schema));
    assertThat(texts.accepts(json(valid))).as("%s accepts %s", schema, valid).isTrue();
    assertThat(texts.accepts(json(invalid))).as("%s refuses %s", schema, invalid).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "{'type': 'array', 'items': {'type': 'string'}, 'uniqueItems': true} ; #/uniqueItems:"
            + " expected elements of at most 2000 constants",
        "{'properties': {'a/b': {'$ref': 'x.json'}}} ; #/properties/a~1b/$ref: expected a reference"
            + " within the document",
        "{'type': 'text'} ; #/type: expected one of",
        "{'type': 1} ; #/type: expected an array, found %1%",
        "{'minLength': -1} ; #/minLength: expected an integer, 0 or more",
        "{'minimum': 'x'} ; #/minimum: expected a number, found",
        "{'multipleOf': 0} ; #/multipleOf: expected a number greater than 0",
        "{'required': [1]} ; #/required: expected strings, found",
        "{'properties': {'a': 3}} ; #/...: expected an object or a boolean, found",
        "{'anyOf': []} ; #/anyOf: expected at least one schema, found none",
        "{'$ref': 'http://example.org'} ; #/$ref: expected a reference within the document",
        "{'$ref': '#/$defs/x'} ; #/$ref: expected the place of a schema, found nothing at"
            + " %#/$defs/x%",
        "{'pattern': '(?<=a)b'} ; schema: #/pattern: line 1, column 1: look-behind is not"
            + " supported",
        "{'pattern': '\\\\bword'} ; #/pattern: line 1, column 1: \\b: word boundaries",
        "{'minProperties': 3, 'type': 'object'} ; #/minProperties: expected at most 1, one more"
            + " than",
        "{'oneOf': [{'additionalProperties': {'type': 'integer'}}, {'additionalProperties':"
            + " {'type': 'number'}}]} ; /not: expected a difference that can be written, found"
            + " none",
        "{'prefixItems': [true], 'contains': {'const': 1}, 'type': 'array'} ; #/contains: not"
            + " supported together with prefixItems",
        "{'not': {}} ; expected at least one text that it allows, found none",
        "{'$ref': '#'} ; schema # begins with itself",
        "{'allOf': [{'$ref': '#'}]} ; expected at most 200 references in a chain",
        "false ; schema #: expected at least one text that it allows, found none",
        "{'enum': []} ; expected at least one text that it allows, found none",
        "{'minimum': 3, 'maximum': 2, 'type': 'integer'} ; expected at least one text",
        "{'properties': {'a': {'$ref': '#'}}, 'required': ['a']} ; expected at least one text",
        "{'const': '\\ud800'} ; expected strings of whole characters, found a lone surrogate",
        "[ ; schema: line 1, column",
        "3 ; schema: #: expected an object or a boolean, found",
      })
  void saysWhatItDoesNotSupport(String schema, String message) {
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.schema(json(schema)))
        .withMessageContaining(message.replace('%', '"'));
  }

  @Test
  void recursionGoesAsDeepAsTheText() {
    Texts texts =
        Texts.schema(
            json(
                "{'type': 'object', 'properties': {'next': {'anyOf': [{'$ref': '#'}, {'type':"
                    + " 'null'}]}}, 'required': ['next']}"));
    String deep = json("{'next':").repeat(3000);
    assertThat(texts.accepts(deep + "null" + "}".repeat(3000))).isTrue();
    assertThat(texts.accepts(deep + "null" + "}".repeat(2999))).isFalse();
    assertThat(Texts.schema("{}").begins("[".repeat(5000))).isTrue();
  }

  @Test
  void alternativesThatATagTellsApartAreOneOf() {
    Texts texts =
        Texts.schema(
            json(
                """
                {'oneOf': [{'$ref': '#/$defs/cat'}, {'$ref': '#/$defs/dog'}],
                 '$defs': {
                  'cat': {'type': 'object', 'required': ['kind'],
                    'properties': {'kind': {'const': 'cat'}, 'lives': {'type': 'integer'}}},
                  'dog': {'type': 'object', 'required': ['kind'],
                    'properties': {'kind': {'const': 'dog'}, 'name': {'type': 'string'}}}}}\
                """));
    assertThat(texts.accepts(json("{'kind':'cat','lives':9}"))).isTrue();
    assertThat(texts.accepts(json("{'kind':'dog','lives':9}"))).isFalse();
    Texts byNames =
        Texts.schema(
            json(
                "{'oneOf': [{'type': 'object', 'properties': {'a': {}}, 'required': ['a']},"
                    + " {'type': 'object', 'properties': {'b': {}}, 'required': ['b']}]}"));
    assertThat(byNames.accepts(json("{'b':1}"))).isTrue();
  }

  @Test
  void whiteSpaceIsBounded() {
    Texts texts = Texts.schema("{}");
    assertThat(texts.accepts(json("{ 'a': [ 1, 2 ] }"))).isTrue();
    assertThat(texts.accepts(json("{\n  'a':\n\n\t\t1\n}"))).isTrue();
    assertThat(texts.begins("{  ")).isFalse();
    assertThat(texts.begins("{\n\n\n")).isFalse();
    assertThat(texts.begins(" {")).isFalse();
    assertThat(texts.begins("{\n" + " ".repeat(20))).isTrue();
    assertThat(texts.begins("{\n" + " ".repeat(21))).isFalse();
  }

  @Test
  void largeSchemasAreNoProblem() {
    String properties =
        IntStream.range(0, 2000)
            .mapToObj(i -> "'p%d': {'type': 'integer'}".formatted(i))
            .collect(Collectors.joining(", "));
    Texts texts = Texts.schema(json("{'properties': {" + properties + "}}"));
    assertThat(texts.accepts(json("{'p3':1, 'p1999':2}"))).isTrue();
    assertThat(texts.accepts(json("{'p4':1, 'p3':2}"))).isFalse();
    String values =
        IntStream.range(0, 5000).mapToObj(i -> "'v" + i + "'").collect(Collectors.joining(","));
    assertThat(Texts.schema(json("{'enum': [" + values + "]}")).accepts(json("'v4999'"))).isTrue();
    String nested = "{'type': 'array', 'minItems': 1, 'items': ".repeat(30) + "{}" + "}".repeat(30);
    assertThat(Texts.schema(json(nested)).accepts("[".repeat(30) + "1" + "]".repeat(30))).isTrue();
  }

  @Test
  void recursionThatPutsSchemasTogetherEnds() {
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(() -> Texts.schema(json("{'$ref': '#', 'type': 'object', 'minProperties': 1}")))
        .withMessageContaining("references in a chain");
    assertThatExceptionOfType(OutputConstraintException.class)
        .isThrownBy(
            () ->
                Texts.schema(
                    json(
                        "{'type': 'object', 'required': ['a'], 'properties': {'a':"
                            + " {'allOf': [{'$ref': '#'}, {'required': ['a']}]},"
                            + " 'b': {'allOf': [{'$ref': '#'}, {'required': ['b']}]}}}")))
        .withMessageContaining("found");
  }
}
