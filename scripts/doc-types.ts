import { join } from 'node:path';
import ts from 'typescript';
import type { CodeBlock } from './markdown-blocks.ts';

/**
 * Type errors of TypeScript and JavaScript blocks, as the compiler sees them: each block is one module in the
 * workspace's root, so it imports packages by the names their users import.
 */
export function typeErrorsOf(blocks: readonly CodeBlock[], root: string): string[] {
  const modules = new Map(blocks.map((block, index) => [moduleName(block, index, root), block]));
  const options = compilerOptions(root);
  const host = hostWith(modules, options);
  const program = ts.createProgram([...modules.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => describe(diagnostic, modules));
}

function moduleName(block: CodeBlock, index: number, root: string): string {
  return join(root, `doc-block-${String(index)}.${block.language === 'js' ? 'js' : 'ts'}`);
}

function compilerOptions(root: string): ts.CompilerOptions {
  const read = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, root);
  return { ...options, allowJs: true, checkJs: true, noUnusedLocals: false };
}

function hostWith(modules: ReadonlyMap<string, CodeBlock>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const onDisk = { ...host };
  return Object.assign(host, {
    fileExists: (path: string) => modules.has(path) || onDisk.fileExists(path),
    readFile: (path: string) => modules.get(path)?.code ?? onDisk.readFile(path),
    getSourceFile: (path: string, version: ts.ScriptTarget | ts.CreateSourceFileOptions) => {
      const code = modules.get(path)?.code;
      // A block without an import is a module all the same: its names are its own, and it may await.
      if (code === undefined) return onDisk.getSourceFile(path, version);
      const file = ts.createSourceFile(path, `${code}\nexport {};`, version);
      file.impliedNodeFormat = ts.ModuleKind.ESNext;
      return file;
    },
  });
}

function describe(diagnostic: ts.Diagnostic, modules: ReadonlyMap<string, CodeBlock>): string {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n  ');
  if (diagnostic.file === undefined) return text;
  const block = modules.get(diagnostic.file.fileName);
  const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
  const place = block ? `${block.page}:${String(block.line + line)}` : diagnostic.file.fileName;
  return `${place}: ${text}`;
}
