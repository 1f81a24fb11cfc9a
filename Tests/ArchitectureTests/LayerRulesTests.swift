import Testing

/// Each rule against a small made-up package that breaks it.
@Suite struct LayerRulesTests {
  private typealias Target = PackageDescription.Target

  private static let table = RingTable(
    rings: [["Core", "Kernel"], ["Acts"], ["Disk", "Web"], ["main-program", "other-program"]],
    native: ["CThing": ["Kernel"]], beside: ["Kit"], reserved: ["Crypto": ["Core"]])

  /// Rules over the given components, with every other target of the table there and innocent.
  private func rules(_ components: Component...) -> LayerRules {
    let names = Set(components.map(\.target.name))
    let rest: [Target] = [
      Target("Core"), Target("Kernel"), Target("Acts"), Target("Disk"), Target("Web"), Target("Kit"),
      Target("CThing", .system), Target("main-program", .executable), Target("other-program", .executable),
    ]
    return LayerRules(
      components + rest.filter { !names.contains($0.name) }.map { Component($0) }, table: Self.table)
  }

  @Test func `a target without a place is found`() {
    #expect(
      rules(Component(Target("Utils"))).unplacedTargets() == [
        "expected 'Utils' in the table of rings, found it nowhere"
      ])
    #expect(rules(Component(Target("CoreTests", .test))).unplacedTargets() == [])
  }

  @Test func `a target with two places is found`() {
    var table = Self.table
    table.rings[1].insert("Core")
    #expect(
      LayerRules([Component(Target("Core"))], table: table).unplacedTargets() == [
        "expected 'Core' once in the table of rings, found it 2 times"
      ])
  }

  static let outward: [(String, String)] = [
    ("Core", "Acts"), ("Core", "Disk"), ("Core", "main-program"), ("Acts", "Web"), ("Disk", "Web"),
    ("Web", "Disk"),
    ("Disk", "main-program"), ("main-program", "other-program"), ("Core", "Kit"), ("Disk", "Kit"),
    ("main-program", "Kit"), ("Kit", "Disk"), ("Kit", "main-program"), ("Core", "CThing"), ("Disk", "CThing"),
    ("Acts", "CoreTests"),
  ]

  @Test(arguments: outward)
  func `an arrow that points outward is found, declared or imported`(from: String, to: String) {
    let tests = Component(Target("CoreTests", .test))
    let declared = rules(tests, Component(Target(from, siblings: [to])))
    #expect(
      declared.outwardArrows() == ["expected no arrow from '\(from)' to '\(to)', found one at Package.swift"])
    let module = Target(to).module
    let imported = rules(tests, Component(Target(from), imports: [Import(module, file: "A.swift", line: 3)]))
    #expect(
      imported.outwardArrows() == ["expected no arrow from '\(from)' to '\(to)', found one at A.swift:3"])
  }

  static let inward: [(String, String)] = [
    ("Core", "Kernel"), ("Acts", "Core"), ("Disk", "Acts"), ("Disk", "Core"), ("main-program", "Disk"),
    ("main-program", "Core"), ("Kit", "Acts"), ("Kit", "Core"), ("Kernel", "CThing"),
  ]

  @Test(arguments: inward)
  func `an arrow that points inward is left alone`(from: String, to: String) {
    let component = Component(Target(from, siblings: [to]), imports: [Import(Target(to).module)])
    #expect(rules(component).outwardArrows() == [])
  }

  @Test func `tests see everything but other tests`() {
    let all: Set = ["Core", "Disk", "Kit", "CThing", "main-program"]
    #expect(rules(Component(Target("XTests", .test, siblings: all))).outwardArrows() == [])
    let nosy = Component(Target("XTests", .test, siblings: ["YTests"]))
    #expect(rules(nosy, Component(Target("YTests", .test))).outwardArrows().count == 1)
  }

  static let worldly: [(String, Import, String)] = [
    ("Core", Import("Foundation"), "Foundation"),
    ("Core", Import("FoundationEssentials"), "FoundationEssentials"),
    ("Kernel", Import("Glibc"), "Glibc"),
    ("Kernel", Import("Glibc", scope: "func open"), "func open of Glibc"),
    ("Kernel", Import("Glibc", scope: "var exp"), "var exp of Glibc"),
    ("Core", Import("Dispatch"), "Dispatch"),
    ("Core", Import("NIOCore"), "NIOCore"), ("Core", Import("Synchronization"), "Synchronization"),
    ("Kernel", Import("Crypto"), "Crypto"),
  ]

  @Test(arguments: worldly)
  func `an entity that imports the outside world is found`(target: String, item: Import, what: String) {
    #expect(
      rules(Component(Target(target), imports: [item])).worldlyImports() == [
        "expected ring 0 without the outside world, found \(what) imported at File.swift:1"
      ])
  }

  @Test func `a use case that imports the outside world is found`() {
    let imports = [Import("Foundation"), Import("Synchronization")]
    #expect(
      rules(Component(Target("Acts"), imports: imports)).worldlyImports() == [
        "expected ring 1 without the outside world, found Foundation imported at File.swift:1"
      ])
  }

  @Test func `entities may use mathematics, siblings and what is reserved for them`() {
    let imports = [Import("Glibc", scope: "func exp"), Import("Kernel"), Import("Crypto")]
    #expect(rules(Component(Target("Core"), imports: imports)).worldlyImports() == [])
  }

  @Test func `the outer rings may use the outside world`() {
    let component = Component(Target("Disk"), imports: [Import("Foundation"), Import("Glibc")])
    #expect(rules(component).worldlyImports() == [])
  }

  @Test func `a reserved module in other hands is found`() {
    #expect(
      rules(Component(Target("Web"), imports: [Import("Crypto")])).trespasses() == [
        "expected Crypto in Core alone, found it imported at File.swift:1"
      ])
    #expect(rules(Component(Target("Core"), imports: [Import("Crypto")])).trespasses() == [])
    #expect(rules(Component(Target("WebTests", .test), imports: [Import("Crypto")])).trespasses() == [])
  }

  @Test func `an import without a declaration is found`() {
    let component = Component(
      Target("Disk", siblings: ["Acts"], products: ["GRDB"]),
      imports: [Import("Acts"), Import("GRDB"), Import("Core"), Import("NIOCore"), Import("Foundation")])
    #expect(
      rules(component).unfaithfulDeclarations() == [
        "expected Core declared by 'Disk', found it only imported at File.swift:1",
        "expected NIOCore declared by 'Disk', found it only imported at File.swift:1",
      ])
  }

  @Test func `a declaration without an import is found`() {
    let component = Component(
      Target("Disk", siblings: ["Acts", "Core"], products: ["GRDB"]), imports: [Import("Core")])
    #expect(
      rules(component).unfaithfulDeclarations() == [
        "expected 'Disk' to import Acts, found it only declared",
        "expected 'Disk' to import GRDB, found it only declared",
      ])
  }

  @Test func `a test may depend on a program that it only runs`() {
    let test = Component(Target("XTests", .test, siblings: ["main-program"]))
    #expect(rules(test).unfaithfulDeclarations() == [])
    let program = Component(Target("Disk", siblings: ["main-program"]))
    #expect(rules(program).unfaithfulDeclarations().count == 1)
  }

  @Test func `Foundation anywhere under a program is found`() {
    let parts = [
      Component(Target("main-program", .executable, siblings: ["Web"])),
      Component(Target("Web", siblings: ["Core"]), imports: [Import("FoundationEssentials")]),
      Component(Target("Core"), imports: [Import("Foundation", file: "Core.swift", line: 2)]),
      Component(Target("Disk"), imports: [Import("Foundation")]),
    ]
    #expect(
      LayerRules(parts, table: Self.table).foundation(under: "main-program") == [
        "expected 'main-program' without Foundation, found it imported at Core.swift:2"
      ])
  }
}
