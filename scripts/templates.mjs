// vgen's templates as plain functions, made when vgen is built: nunjucks parses them, and of its tree, which
// uses little of the language, plain code is written. It does what nunjucks made strict does
// (src/render/engine.ts) or throws: then that is asked, which knows what is wrong. What these templates may not
// use is an error here, when vgen is built.
import nunjucks from 'nunjucks';

const { parser, nodes } = nunjucks;
const COMPARISONS = { '==': '==', '!=': '!=', '===': '===', '!==': '!==', '<': '<', '>': '>', '<=': '<=', '>=': '>=' };

/**
 * The code of a module that exports `templates`, a function of view, strict look-up
 * and encoders for each of `texts` by name.
 */
export function templates(texts) {
  const functions = [...texts].map(([name, text]) => `${JSON.stringify(name)}: ${functionOf(name, text)},\n`);
  return `export const templates = {\n${functions.join('')}};\n`;
}

function functionOf(name, text) {
  const root = parser.parse(text, [], { trimBlocks: true, lstripBlocks: true });
  let loops = 0;
  const wrong = (node, what) => new Error(`templates/${name}:${node.lineno + 1}: ${what}`);

  /** `scope`: the names in the template, each with its name in the code; `loop` is the number of the innermost loop. */
  const expression = (node, scope) => {
    const of = one => expression(one, scope);
    if (node instanceof nodes.Group && node.children.length === 1) return `(${of(node.children[0])})`;
    if (node instanceof nodes.Symbol) {
      if (!scope.names.has(node.value)) throw wrong(node, `unknown name "${node.value}"; a template is given "v"`);
      return scope.names.get(node.value);
    }
    if (node instanceof nodes.Literal && !(node instanceof nodes.TemplateData)) return JSON.stringify(node.value);
    if (node instanceof nodes.LookupVal && node.val instanceof nodes.Literal) {
      const { target, val } = node;
      if (!(target instanceof nodes.Symbol && target.value === 'loop' && scope.loop !== null)) {
        return `get(${of(target)}, ${JSON.stringify(val.value)})`;
      }
      const known = {
        first: `i${scope.loop} === 0`, last: `i${scope.loop} === a${scope.loop}.length - 1`,
        index: `i${scope.loop} + 1`, index0: `i${scope.loop}`,
      };
      if (!(val.value in known)) throw wrong(node, `"loop.${val.value}" is not for vgen's templates`);
      return `(${known[val.value]})`;
    }
    if (node instanceof nodes.Not) return `!(${of(node.target)})`;
    if (node instanceof nodes.And) return `(${of(node.left)} && ${of(node.right)})`;
    if (node instanceof nodes.Or) return `(${of(node.left)} || ${of(node.right)})`;
    if (node instanceof nodes.Is && node.right instanceof nodes.Literal && node.right.value === null) {
      return `(${of(node.left)} === null)`;
    }
    if (node instanceof nodes.Compare && node.ops.every(({ type }) => type in COMPARISONS) && node.ops.length === 1) {
      return `(${of(node.expr)} ${COMPARISONS[node.ops[0].type]} ${of(node.ops[0].expr)})`;
    }
    throw wrong(node, `an expression (${node.typename}) that is not for vgen's templates`);
  };

  const print = (node, scope) => {
    if (node instanceof nodes.TemplateData) return `o += ${JSON.stringify(node.value)};\n`;
    if (!(node instanceof nodes.Filter) || node.args.children.length !== 1) {
      throw wrong(node, 'a value is printed without an encoder; end it with "| sh", "| nginx" or another');
    }
    return `o += encode.${node.name.value}(${expression(node.args.children[0], scope)});\n`;
  };

  const statement = (node, scope) => {
    const all = one => (one === null ? '' : statement(one, scope));
    if (node instanceof nodes.Output) return node.children.map(one => print(one, scope)).join('');
    if (node instanceof nodes.If && node.typename === 'If') {
      return `if (${expression(node.cond, scope)}) {\n${all(node.body)}}${node.else_ === null ? '' : ` else `
        + `{\n${all(node.else_)}}`}\n`;
    }
    if (node instanceof nodes.For && node.typename === 'For' && node.name instanceof nodes.Symbol
      && node.else_ === null) {
      const loop = loops++;
      const inner = { loop, names: new Map([...scope.names, [node.name.value, `x${loop}`]]) };
      return `const a${loop} = list(${expression(node.arr, scope)});\nfor (let i${loop} = 0; `
        + `i${loop} < a${loop}.length; i${loop}++) {\n`
        + `const x${loop} = item(a${loop}[i${loop}]);\n${statement(node.body, inner)}}\n`;
    }
    if (node instanceof nodes.NodeList && ['NodeList', 'Root'].includes(node.typename)) {
      return node.children.map(all).join('');
    }
    throw wrong(node, `a statement (${node.typename}) that is not for vgen's templates`);
  };

  return `(v, { get, list, item, encode }) => {\nlet o = '';\n${statement(root, {
    loop: null, names: new Map([['v', 'v']]),
  })}return o;\n}`;
}
