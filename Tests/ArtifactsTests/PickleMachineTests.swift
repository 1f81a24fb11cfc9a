import TestKit
import Testing

@testable import Artifacts

@Suite struct PickleMachineTests {
  @Test func `a call outside the allow-list is observed with its arguments, and reading goes on`() throws {
    var pickle = PickleAssembler()
    pickle.call("os", "system", "touch /tmp/x")
    pickle.call("subprocess", "run", "true")
    let reading = pickle.read()
    let calls = reading.observations.compactMap { observation -> String? in
      guard case .calls(let global, let arguments) = observation.kind else { return nil }
      return "\(global)(\(arguments)) \(observation.opcode ?? "") \(observation.offset)"
    }
    #expect(calls == ["os.system('touch /tmp/x') REDUCE 31", "subprocess.run('true') REDUCE 58"])
    #expect(reading.document != nil)
  }

  @Test func `names of Python 2 are resolved below protocol 3 and taken as they are from then on`() {
    for (version, expected) in [(2 as UInt8, "functools.reduce"), (3, "__builtin__.reduce")] {
      var pickle = PickleAssembler(protocol: version)
      pickle.global("__builtin__", "reduce")
      let imports = pickle.read().observations.compactMap { observation -> String? in
        guard case .imports(let global) = observation.kind else { return nil }
        return global.description
      }
      #expect(imports == [expected])
    }
  }

  @Test func `memo entries are read from the memo, not from the opcode before`() throws {
    var pickle = PickleAssembler()
    pickle.text("first")
    pickle.add(.binPut, [0])
    pickle.text("second")
    pickle.add(.pop, .pop)
    pickle.add(.binGet, [0])
    let document = try #require(pickle.read().document)
    #expect(document.describe(document.root) == "'first'")
  }

  @Test func `a state given to a class is observed as a change of the process`() {
    var pickle = PickleAssembler()
    pickle.global("sklearn.tree._classes", "DecisionTreeClassifier")
    pickle.add(.emptyDict, .build)
    #expect(pickle.read().kinds == ["changes"])
  }

  @Test func `items set in a dictionary that this stream did not make are observed`() {
    var pickle = PickleAssembler()
    pickle.global("sys", "modules")
    pickle.text("os")
    pickle.add(.none, .setItem)
    #expect(pickle.read().kinds == ["imports", "changes"])
  }

  @Test func `a state changed after it was given is observed`() {
    var pickle = PickleAssembler()
    pickle.global("sklearn.preprocessing._data", "StandardScaler")
    pickle.add(.emptyTuple, .newObj, .emptyDict)
    pickle.add(.binPut, [0])
    pickle.add(.build)
    pickle.add(.binGet, [0])
    pickle.text("mean_")
    pickle.add(.none, .setItem, .pop)
    #expect(pickle.read().kinds == ["changesLate"])
  }

  @Test func `pickles behind the first one are read for what they would do`() {
    var second = PickleAssembler()
    second.call("os", "system", "true")
    let bytes = [PickleOpcode.none.rawValue, PickleOpcode.stop.rawValue] + second.bytes
    #expect(PickleReading.read(bytes[...]).kinds == ["trailingBytes", "imports", "calls"])
  }

  @Test func `a thousand calls of one name are a few observations`() {
    var pickle = PickleAssembler()
    for _ in 0..<1_000 {
      pickle.call("mypackage", "Thing", "x")
      pickle.add(.pop)
    }
    pickle.call("os", "system", "true")
    let reading = pickle.read()
    #expect(reading.observations.count < 20)
    #expect(
      reading.observations.contains {
        if case .calls(let global, _) = $0.kind { global.module == "os" } else { false }
      })
  }

  /// The import and the calls that are told of a call of `numpy.core._ufunc_reconstruct` with some strings.
  private static func reconstructing(_ texts: String...) -> [String] {
    var pickle = PickleAssembler(protocol: 4)
    pickle.global("numpy.core", "_ufunc_reconstruct")
    pickle.add(.mark)
    for text in texts { pickle.text(text) }
    pickle.add(.tuple, .reduce)
    return pickle.read().observations.map { observation in
      switch observation.kind {
      case .imports(let global): "imports \(global)"
      case .calls(let global, let arguments): "calls \(global)(\(arguments))"
      default: "\(observation.kind)"
      }
    }
  }

  @Test(arguments: [
    ("numpy", "log1p"), ("numpy.core._multiarray_umath", "absolute"), ("scipy.special", "expit"),
  ])
  func `a universal function that NumPy 1 finds by its name is that function`(module: String, name: String) {
    #expect(Self.reconstructing(module, name).isEmpty)
    var pickle = PickleAssembler(protocol: 4)
    pickle.global("numpy.core", "_ufunc_reconstruct")
    pickle.text(module)
    pickle.text(name)
    pickle.add(.tuple2, .reduce)
    let document = pickle.read().document
    #expect(document.map { $0.describe($0.root) } == "\(module).\(name)")
  }

  @Test(arguments: [
    ("os", "system"), ("numpy", "load"), ("numpy", "mean"), ("numpy.log1p", "reduce"),
    ("numpy", "log1p.reduce"),
    ("numpy.linalg", "log1p"), ("scipy.special", "log10"), ("", "log1p"),
  ])
  func `nothing but a universal function may be found in its place`(module: String, name: String) {
    #expect(Self.reconstructing(module, name).first == "imports numpy.core._ufunc_reconstruct")
  }

  @Test func `finding a universal function is told where it has other arguments, or is wrapped`() {
    #expect(Self.reconstructing("numpy").first == "imports numpy.core._ufunc_reconstruct")
    #expect(
      Self.reconstructing("numpy", "exp", "log").last
        == "calls numpy.core._ufunc_reconstruct('numpy', 'exp', 'log')")
    var pickle = PickleAssembler(protocol: 4)
    pickle.global("functools", "partial")
    pickle.global("numpy.core", "_ufunc_reconstruct")
    pickle.text("os")
    pickle.text("system")
    pickle.add(.tuple3, .reduce)
    #expect(pickle.read().kinds.contains("calls"))
  }

  @Test func `control characters of an argument are spelled out`() {
    var pickle = PickleAssembler()
    pickle.call("os", "system", "a\u{1B}[2J\n\u{202E}b")
    let texts = pickle.read().observations.compactMap { observation -> String? in
      guard case .calls(_, let arguments) = observation.kind else { return nil }
      return arguments
    }
    #expect(texts == [#"'a\u{1b}[2J\n\u{202e}b'"#])
  }
}

@Suite struct PickleBudgetTests {
  @Test func `opcodes past the budget stop the reading`() {
    var budget = ReadingBudget()
    budget.opcodes = 10
    var pickle = PickleAssembler()
    for _ in 0..<20 { pickle.add(.none, .pop) }
    let reading = pickle.read(budget: budget)
    #expect(reading.document == nil)
    #expect(reading.kinds == ["budget"])
  }

  @Test func `tuples that hold the last one twice are refused without walking them`() {
    var pickle = PickleAssembler()
    pickle.add(.emptyTuple)
    for _ in 0..<60 { pickle.add(.dup, .tuple2) }
    #expect(pickle.read().kinds == ["budget"])
  }

  @Test func `lists a hundred thousand deep are refused without recursion`() {
    var pickle = PickleAssembler()
    for _ in 0..<100_000 { pickle.add(.emptyList) }
    for _ in 1..<100_000 { pickle.add(.append) }
    #expect(pickle.read().kinds == ["budget"])
  }

  @Test func `a list that holds itself is no bomb`() throws {
    var pickle = PickleAssembler()
    pickle.add(.emptyList)
    pickle.add(.binPut, [0])
    pickle.add(.binGet, [0])
    pickle.add(.append)
    #expect(pickle.read().document != nil)
  }

  @Test func `a memo number far beyond the values is refused before memory is taken`() {
    var pickle = PickleAssembler()
    pickle.add(.none)
    pickle.add(.longBinPut, [0xFF, 0xFF, 0xFF, 0x7F])
    #expect(pickle.read().kinds == ["budget"])
  }
}

@Suite struct PickleRobustnessTests {
  /// Small pickles of every protocol.
  private static func corpus() throws -> [(name: String, bytes: [UInt8])] {
    let folder = "serialisations/sklearn-1.9/iris-tree"
    let names = try Fixtures.names(in: folder).filter { $0.hasPrefix("model") }
    return try names.map { ($0, try Fixtures.bytes("\(folder)/\($0)")) }
  }

  @Test func `a pickle cut off at any byte is refused as malformed`() throws {
    let corpus = try Self.corpus().filter { $0.name == "model-p4.pkl" }
    #expect(corpus.count == 1)
    for (name, bytes) in corpus {
      for count in 0..<bytes.count {
        let reading = PickleReading.read(bytes[..<count])
        #expect(reading.document == nil, "\(name) cut to \(count)")
        guard reading.document == nil else { break }
      }
    }
  }

  @Test func `changed bytes never trap a reader nor exceed a budget`() throws {
    var budget = ReadingBudget()
    budget.values = 100_000
    budget.opcodes = 200_000
    var generator = SeededGenerator(seed: 20_261_121)
    let corpus = try Self.corpus()
    #expect(corpus.count >= 8)
    for (_, bytes) in corpus {
      for _ in 0..<20 {
        var mutated = bytes
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
          let index = Int.random(in: 0..<mutated.count, using: &generator)
          switch UInt8.random(in: 0..<4, using: &generator) {
          case 0: mutated[index] = UInt8.random(in: 0...255, using: &generator)
          case 1: mutated.remove(at: index)
          case 2:
            mutated.insert(PickleOpcode.allCases.randomElement(using: &generator)?.rawValue ?? 0, at: index)
          default: mutated[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
          }
        }
        let reading = PickleReading.read(mutated[...], budget: budget)
        #expect(reading.opcodeCount <= budget.opcodes + 1)
        #expect(reading.document.map { $0.values.count <= budget.values } ?? true)
      }
    }
  }

  @Test func `random opcodes never trap the machine`() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<1_000 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...60, using: &generator) {
        bytes.append(PickleOpcode.allCases.randomElement(using: &generator)?.rawValue ?? 0)
        if Bool.random(using: &generator) { bytes.append(UInt8.random(in: 0...3, using: &generator)) }
      }
      _ = PickleReading.read(bytes[...])
    }
  }
}
