import { createRoot } from 'react-dom/client';

import { routeOf } from './routes.js';

const PAGES = {
  home: () => <h1>E-Com67</h1>,
  product: ({ product }) => <h1>{product}</h1>,
  cart: () => <h1>Your cart</h1>,
  missing: () => <h1>There is no such page</h1>,
};

const { page, product } = routeOf(location.pathname);
const Page = PAGES[page];
createRoot(document.getElementById('root')).render(<Page product={product} />);
