import Artifacts
import Domain
import Lifting
import ModelGraph
import Testing

/// What a text vectorizer's parameters and vocabulary must be.
struct TextVectorizerTests {
  /// The problem of lifting a CountVectorizer, some of whose attributes are others.
  private static func problem(
    _ others: (inout SyntheticDocument) -> [(String, ValueID)]
  ) throws -> Problem? {
    var source = SyntheticDocument()
    let term = source.add(.string("rain"))
    let vocabulary = source.add(.dictionary([(key: term, value: source.add(.integer(0)))]))
    let range = source.add(.tuple([source.add(.integer(1)), source.add(.integer(1))]))
    var attributes: [(String, ValueID)] = [
      ("_sklearn_version", source.add(.string("1.9.1"))), ("input", source.add(.string("content"))),
      ("preprocessor", source.add(.none)), ("tokenizer", source.add(.none)),
      ("analyzer", source.add(.string("word"))), ("token_pattern", source.add(.string(#"\w+"#))),
      ("ngram_range", range), ("lowercase", source.add(.bool(true))), ("strip_accents", source.add(.none)),
      ("stop_words", source.add(.none)), ("binary", source.add(.bool(false))),
      ("dtype", source.add(.global(PickleGlobal(module: "numpy", name: "int64")))),
      ("vocabulary_", vocabulary),
    ]
    attributes += others(&source)
    let model = source.add("sklearn.feature_extraction.text", "CountVectorizer", attributes)
    let document = try source.document(root: model)
    do {
      _ = try Lifter.lift(document)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a vectorizer of words is lifted`() throws {
    #expect(try Self.problem { _ in [] } == nil)
  }

  @Test func `a pattern that needs backtracking is refused with the construct and its place`() throws {
    let problem = try Self.problem { [("token_pattern", $0.add(.string(#"(?<!\d)\w+"#)))] }
    #expect(problem?.code == "lift.unsupported-pattern")
    #expect(
      problem?.message
        == "expected CountVectorizer.token_pattern to be a pattern that can be matched in linear time, found a"
        + #" look behind at character 0 of '(?<!\d)\w+'"#)
  }

  @Test(arguments: ["tokenizer", "preprocessor"])
  func `code in the place of a step is refused by its name`(name: String) throws {
    let problem = try Self.problem {
      [(name, $0.add(.global(PickleGlobal(module: "nltk.tokenize", name: "word_tokenize"))))]
    }
    #expect(problem?.code == "lift.unsupported-parameter")
    #expect(
      problem?.message
        == "expected CountVectorizer.\(name) to be one that can be lifted, found the name"
        + " nltk.tokenize.word_tokenize")
  }

  @Test func `an analyzer that is code is refused`() throws {
    let problem = try Self.problem {
      [("analyzer", $0.add(.global(PickleGlobal(module: "builtins", name: "str"))))]
    }
    #expect(problem?.hint == "use analyzer='word', 'char' or 'char_wb'")
  }

  @Test func `a vectorizer of files is refused`() throws {
    let problem = try Self.problem { [("input", $0.add(.string("filename")))] }
    #expect(problem?.hint == "fit with input='content' and send the texts themselves")
  }

  @Test(arguments: [(0, 1), (2, 1), (1, 65), (Int64.min, Int64.max)] as [(Int64, Int64)])
  func `lengths of n-grams that are none or without end are refused`(least: Int64, most: Int64) throws {
    let problem = try Self.problem {
      [("ngram_range", $0.add(.tuple([$0.add(.integer(least)), $0.add(.integer(most))])))]
    }
    #expect(problem?.message.hasSuffix("found (\(least), \(most))") == true)
  }

  @Test(arguments: [1, -1, Int64.max])
  func `a column that is not there is refused`(column: Int64) throws {
    let problem = try Self.problem {
      [
        (
          "vocabulary_",
          $0.add(.dictionary([(key: $0.add(.string("rain")), value: $0.add(.integer(column)))]))
        )
      ]
    }
    #expect(
      problem?.message
        == "expected CountVectorizer.vocabulary_ to be a dictionary whose values are 0 to 0, each once, found a"
        + " dictionary")
  }

  @Test func `one text as two terms is refused`() throws {
    let problem = try Self.problem {
      var entries: [(key: ValueID, value: ValueID)] = []
      for index in [0, 1] as [Int64] {
        entries.append((key: $0.add(.string("rain")), value: $0.add(.integer(index))))
      }
      return [("vocabulary_", $0.add(.dictionary(entries)))]
    }
    #expect(problem?.code == "graph.terms")
  }

  @Test func `terms that only look alike are two`() throws {
    let problem = try Self.problem {
      var entries: [(key: ValueID, value: ValueID)] = []
      for (index, term) in ["\u{E9}", "e\u{301}"].enumerated() {
        entries.append((key: $0.add(.string(term)), value: $0.add(.integer(Int64(index)))))
      }
      return [("vocabulary_", $0.add(.dictionary(entries)))]
    }
    #expect(problem == nil)
  }

  @Test func `a term repeated without end comes to an end`() throws {
    let problem = try Self.problem {
      let term = $0.add(.string(String(repeating: "rain", count: 10_000)))
      return [("stop_words", $0.add(.list(Array(repeating: term, count: 100_000))))]
    }
    #expect(problem == nil)
  }
}
