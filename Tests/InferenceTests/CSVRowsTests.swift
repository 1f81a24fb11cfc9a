import Domain
import Inference
import ModelGraph
import Testing

/// Rows of numbers and texts from comma-separated values.
@Suite struct CSVRowsTests {
  private static func rows(
    _ text: String, _ count: Int, names: [String]? = nil, texts: [Int] = [], ignored: [Int] = []
  ) throws -> Rows {
    let features = FeatureList(count: count, names: names, texts: texts, ignored: ignored)
    let signature = ModelSignature(features: features, outputs: [], classes: [])
    return try CSVRows(signature: signature).rows(in: Array(text.utf8))
  }

  private static func problem(_ text: String, _ count: Int, names: [String]? = nil) -> Problem? {
    do {
      _ = try rows(text, count, names: names)
      return nil
    } catch {
      return error as? Problem
    }
  }

  @Test func `columns are taken by their names, in whatever order they come`() throws {
    let rows = try Self.rows(
      "town,extra,age\nOslo,1,30\n\"Bergen, \"\"W\"\"\",2,41.5\n", 2, names: ["age", "town"], texts: [1])
    #expect(rows.numbers == [30, 41.5])
    #expect(rows.texts == ["Oslo", "Bergen, \"W\""])
    #expect(rows.rowCount == 2)
  }

  @Test func `an empty field is missing, an empty text in quotes is a text`() throws {
    let rows = try Self.rows("1,\n,\"\"\n", 2, texts: [1])
    #expect(rows.numbers[0] == 1 && rows.numbers[1].isNaN)
    #expect(rows.texts == [nil, ""])
  }

  @Test func `a text keeps its spaces and lines, a number loses its spaces`() throws {
    let rows = try Self.rows(" 2 , a \r\n3,\"b\nc\"\r\n", 2, texts: [1])
    #expect(rows.numbers == [2, 3])
    #expect(rows.texts == [" a ", "b\nc"])
  }

  @Test func `truth values are numbers`() throws {
    #expect(try Self.rows("True,false\n", 2).numbers == [1, 0])
  }

  @Test func `a feature that nothing reads may be absent or anything`() throws {
    #expect(try Self.rows("a,c\n1,2\n", 3, names: ["a", "b", "c"], ignored: [1]).numbers == [1, 2])
    #expect(try Self.rows("1,x,2\n", 3, ignored: [1]).numbers == [1, 2])
  }

  @Test func `a first line of data is a row for a model with names`() throws {
    #expect(try Self.rows("1,2\n3,4\n", 2, names: ["a", "b"]).rowCount == 2)
  }

  @Test func `a mark of the byte order is no part of the first name`() throws {
    #expect(try Self.rows("\u{FEFF}a\n5\n", 1, names: ["a"]).numbers == [5])
  }

  @Test(
    arguments: [
      ("1,2\n3\n", "rows.malformed"), ("1,2,3\n", "predict.feature-count"),
      ("a,c\n1,2\n", "rows.missing-column"),
      ("1,2\n3,x\n", "rows.malformed"), ("1,\"2\n", "rows.malformed"), ("1,\"2\"3\n", "rows.malformed"),
      ("", "rows.malformed"),
    ])
  func `what is no row is refused`(_ text: String, _ code: String) {
    #expect(Self.problem(text, 2, names: ["a", "b"])?.code == code)
  }
}
