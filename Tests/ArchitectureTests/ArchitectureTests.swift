import Foundation
import Testing

/// The package as it is, held against the rules.
@Suite struct ArchitectureTests {
  private static let tree = SourceTree()
  /// Read once: asking the package manager takes a moment.
  private static let components = Result { try tree.components() }

  private func rules() throws -> LayerRules { LayerRules(try Self.components.get()) }

  @Test func `the package and its sources are read`() throws {
    let components = try Self.components.get()
    #expect(components.count > 10)
    for component in components
    where component.target.kind == .regular || component.target.kind == .executable {
      let files = try Self.tree.files(under: component.target.path, withSuffixes: [".swift", ".c"])
      #expect(!files.isEmpty, "\(component.target.name) has sources")
    }
    #expect(
      components.first { $0.target.name == "Domain" }?.imports.contains { $0.module == "Encoding" } == true)
  }

  @Test func `every target has its place in the table of rings`() throws {
    let violations = try rules().unplacedTargets()
    #expect(violations == [])
  }

  @Test func `no arrow points outward`() throws {
    let violations = try rules().outwardArrows()
    #expect(violations == [])
  }

  @Test func `entities and use cases know nothing of the outside world`() throws {
    let violations = try rules().worldlyImports()
    #expect(violations == [])
  }

  @Test func `modules with few users are imported by those alone`() throws {
    let violations = try rules().trespasses()
    #expect(violations == [])
  }

  @Test func `what is imported is declared, and what is declared is imported`() throws {
    let violations = try rules().unfaithfulDeclarations()
    #expect(violations == [])
  }

  /// They are built by no test: a module that comes to need another would break them unseen.
  @Test(arguments: ["KernelTimes", "LedgerTimes", "MonitoringTimes"])
  func `what benchmarks build of the product needs what the product has it need`(folder: String) throws {
    let declared = Dictionary(
      uniqueKeysWithValues: try Self.tree.describePackage().targets.map { ($0.name, $0.siblings) })
    let targets = try Self.tree.describePackage(in: "Benchmarks/\(folder)").targets
    #expect(targets.count > 3)
    for target in targets {
      guard let expected = declared[target.name] else { continue }
      #expect(target.siblings == expected, "\(target.name) of Benchmarks/\(folder)")
    }
  }

  @Test func `nothing that the runtime is made of imports Foundation`() throws {
    let violations = try rules().foundation(under: "gatehouse-runtime")
    #expect(violations == [])
  }

  /// A whole module is linked, whatever of it is called: its metadata keeps it.
  @Test func `the runtime is made of nothing that the control plane alone needs`() throws {
    let targets = try rules().targets(under: "gatehouse-runtime")
    #expect(targets.isSuperset(of: ["Serving", "Provenance", "Encoding"]))
    let control: Set = [
      "Artifacts", "Inspection", "Lifting", "ONNXExport", "Threats", "Gates", "Statements", "Packaging",
      "Lifecycle", "Storage", "Distribution", "Fleet", "ControlAPI", "Signers",
    ]
    #expect(targets.isDisjoint(with: control), "\(targets.intersection(control).sorted())")
  }

  @Test func `the runtime loads neither Foundation nor ICU nor SQLite`() throws {
    let directory = try #require(Linkage.buildDirectory(arguments: CommandLine.arguments))
    let runtime = directory.appending(path: "gatehouse-runtime").path()
    try #require(FileManager.default.isExecutableFile(atPath: runtime), "the runtime was built at \(runtime)")
    let listing = String(decoding: try Subprocess.output(of: "/usr/bin/ldd", [runtime]), as: UTF8.self)
    #expect(Linkage.libraries(inListing: listing).contains { $0.hasPrefix("libc.so") })
    #expect(Linkage.forbiddenLibraries(inListing: listing) == [])
  }

  /// The released runtime has no tables for unwinding (`scripts/no-unwinding.ld`): these would end it.
  @Test func `nothing in the runtime unwinds a stack`() throws {
    let unwinding = #/\b(pthread_exit|pthread_cancel|dispatchMain|dispatch_main)\b/#
    let folders = ["Serving", "Engines", "gatehouse-runtime", "CConfinement", "CSpawn", "CDescriptorPassing"]
    for folder in folders {
      let files = try Self.tree.files(under: "Sources/\(folder)", withSuffixes: [".swift", ".c"])
      #expect(!files.isEmpty)
      for file in files { #expect(try Self.tree.text(of: file).firstMatch(of: unwinding) == nil, "\(file)") }
    }
    // An asynchronous main gives up the first thread by pthread_exit.
    let main = try Self.tree.text(of: "Sources/gatehouse-runtime/main.swift")
    #expect(main.firstMatch(of: #/\bawait\b/#) == nil)
  }

  @Test(arguments: ["Sources", "Tests"])
  func `no file is longer than five hundred lines`(directory: String) throws {
    let files = try Self.tree.files(under: directory, withSuffixes: [".swift", ".c", ".h"])
    #expect(files.count > 10)
    let problems = try files.compactMap { FileLength.problem(of: $0, try Self.tree.text(of: $0)) }
    #expect(problems == [])
  }
}
